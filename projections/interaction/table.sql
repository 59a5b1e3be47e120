CREATE TABLE interaction (
    stream_id        uuid        NOT NULL,
    interaction_id   uuid        NOT NULL,
    stream_type      text        NOT NULL,
    customer_id      uuid        NOT NULL,
    position         bigint      NOT NULL,
    happened_at      timestamptz NOT NULL,
    kind             text        NOT NULL,
    direction        text,
    about            text,
    duration_seconds integer,
    summary          text,
    outcome          text,
    external_id      text,
    actor            jsonb       NOT NULL,
    is_corrected     boolean     NOT NULL,
    PRIMARY KEY (stream_id, interaction_id)
);

CREATE INDEX interaction_by_id ON interaction (interaction_id);
CREATE INDEX interaction_of_customer ON interaction (customer_id, happened_at DESC);
CREATE INDEX interaction_in_time ON interaction (happened_at);
