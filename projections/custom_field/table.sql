CREATE TABLE custom_field (
    customer_id uuid        NOT NULL,
    noun        text        NOT NULL,
    field_id    text        NOT NULL,
    version     integer     NOT NULL,
    label       text        NOT NULL,
    kind        text        NOT NULL,
    is_personal boolean     NOT NULL,
    choices     text[]      NOT NULL,
    refers_to   text,
    defined_at  timestamptz NOT NULL,
    is_retired  boolean     NOT NULL,
    PRIMARY KEY (customer_id, noun, field_id)
);
