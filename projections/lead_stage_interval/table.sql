CREATE TABLE lead_stage_interval (
    lead_id         uuid        NOT NULL,
    customer_id     uuid        NOT NULL,
    captured_at     timestamptz,
    position        bigint      NOT NULL,
    valid_from      timestamptz NOT NULL,
    valid_to        timestamptz,
    status          text,
    status_since    timestamptz,
    status_position bigint,
    pipeline        text,
    stage           text,
    stage_since     timestamptz,
    stage_position  bigint,
    owner_id        uuid,
    team            text,
    amount          numeric,
    currency        text,
    is_qualified    boolean     NOT NULL,
    probability     numeric,
    expected_close  date,
    PRIMARY KEY (lead_id, valid_from)
);

CREATE INDEX lead_stage_interval_in_time ON lead_stage_interval (valid_from, valid_to);
CREATE INDEX lead_stage_interval_open ON lead_stage_interval (valid_to) WHERE status = 'open';
CREATE INDEX lead_stage_interval_of_customer ON lead_stage_interval (customer_id);
