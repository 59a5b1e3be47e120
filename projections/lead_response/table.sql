CREATE TABLE lead_response (
    lead_id            uuid        PRIMARY KEY,
    customer_id        uuid        NOT NULL,
    position           bigint      NOT NULL,
    received_at        timestamptz NOT NULL,
    responded_at       timestamptz,
    responded_position bigint,
    responded_by       text
);

CREATE INDEX lead_response_in_time ON lead_response (received_at);
