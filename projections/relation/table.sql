CREATE TABLE relation (
    customer_id uuid        NOT NULL,
    other_id    uuid        NOT NULL,
    kind        text        NOT NULL,
    valid_from  date,
    valid_to    date,
    related_at  timestamptz,
    ended_at    timestamptz,
    position    bigint      NOT NULL,
    PRIMARY KEY (customer_id, other_id, kind)
);

CREATE INDEX relation_of_other ON relation (other_id, kind);
