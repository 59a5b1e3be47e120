CREATE TABLE ticket_status_interval (
    ticket_id       uuid        NOT NULL,
    customer_id     uuid        NOT NULL,
    opened_at       timestamptz,
    position        bigint      NOT NULL,
    valid_from      timestamptz NOT NULL,
    valid_to        timestamptz,
    status          text,
    status_since    timestamptz,
    status_position bigint,
    is_spam         boolean     NOT NULL,
    priority        text,
    category        text,
    assignee_id     uuid,
    team            text,
    PRIMARY KEY (ticket_id, valid_from)
);

CREATE INDEX ticket_status_interval_in_time ON ticket_status_interval (valid_from, valid_to);
CREATE INDEX ticket_status_interval_until ON ticket_status_interval (valid_to);
CREATE INDEX ticket_status_interval_of_customer ON ticket_status_interval (customer_id);
