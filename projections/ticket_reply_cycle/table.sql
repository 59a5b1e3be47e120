CREATE TABLE ticket_reply_cycle (
    position          bigint      PRIMARY KEY,
    ticket_id         uuid        NOT NULL,
    customer_id       uuid        NOT NULL,
    cycle             text        NOT NULL,
    asked_at          timestamptz NOT NULL,
    ended_at          timestamptz,
    answered_at       timestamptz,
    answered_position bigint,
    answered_by       jsonb
);

CREATE INDEX ticket_reply_cycle_of_ticket ON ticket_reply_cycle (ticket_id);
CREATE INDEX ticket_reply_cycle_of_customer ON ticket_reply_cycle (customer_id);
CREATE INDEX ticket_reply_cycle_in_time ON ticket_reply_cycle (asked_at, cycle);
