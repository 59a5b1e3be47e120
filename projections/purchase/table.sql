CREATE TABLE purchase (
    purchase_id      uuid          NOT NULL,
    stream_id        uuid          NOT NULL,
    customer_id      uuid          NOT NULL,
    currency         text          NOT NULL,
    purchased_at     timestamptz,
    total            numeric,
    refunded         numeric       NOT NULL,
    net              numeric       NOT NULL,
    refunded_at      timestamptz,
    refund_amounts   numeric[]     NOT NULL,
    refund_moments   timestamptz[] NOT NULL,
    refund_positions bigint[]      NOT NULL,
    lines            jsonb         NOT NULL,
    external_id      text,
    record_position  bigint,
    position         bigint        NOT NULL,
    PRIMARY KEY (purchase_id, stream_id, currency)
);

CREATE INDEX purchase_of_customer ON purchase (customer_id);
CREATE INDEX purchase_in_time ON purchase (purchased_at);
