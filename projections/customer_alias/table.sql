CREATE TABLE customer_alias (
    customer_id      uuid        PRIMARY KEY,
    survivor_id      uuid        NOT NULL,
    root_customer_id uuid        NOT NULL,
    merge_id         uuid        NOT NULL,
    merged_at        timestamptz NOT NULL,
    position         bigint      NOT NULL
);

CREATE INDEX customer_alias_of_root ON customer_alias (root_customer_id);
