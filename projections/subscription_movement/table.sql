CREATE TABLE subscription_movement (
    customer_id  uuid     NOT NULL,
    currency     text     NOT NULL,
    effective_on date     NOT NULL,
    kind         text     NOT NULL,
    amount       numeric  NOT NULL,
    opening      numeric  NOT NULL,
    closing      numeric  NOT NULL,
    positions    bigint[] NOT NULL,
    PRIMARY KEY (customer_id, currency, effective_on)
);

CREATE INDEX subscription_movement_in_time ON subscription_movement (effective_on);
