CREATE TABLE {name} (
    customer_id uuid        PRIMARY KEY,
    leads       bigint      NOT NULL,
    first_at    timestamptz NOT NULL
);
