CREATE TABLE customer (
    customer_id   uuid        PRIMARY KEY,
    kind          text        NOT NULL,
    name          text,
    source        text,
    owner_id      uuid,
    registered_at timestamptz NOT NULL
);
