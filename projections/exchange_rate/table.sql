CREATE TABLE exchange_rate (
    customer_id   uuid        NOT NULL,
    from_currency text        NOT NULL,
    to_currency   text        NOT NULL,
    valid_from    date        NOT NULL,
    valid_to      date,
    rate          numeric     NOT NULL,
    published_at  timestamptz NOT NULL,
    PRIMARY KEY (from_currency, to_currency, valid_from)
);
