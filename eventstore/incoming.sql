CREATE TEMPORARY TABLE IF NOT EXISTS incoming (
    ordinal        bigint GENERATED ALWAYS AS IDENTITY,
    customer_id    uuid     NOT NULL,
    stream_id      uuid     NOT NULL,
    stream_type    text     NOT NULL,
    version        integer  NOT NULL,
    event_id       uuid     NOT NULL,
    type           text     NOT NULL,
    schema_version smallint NOT NULL,
    data           jsonb    NOT NULL,
    personal       jsonb,
    subject_id     uuid,
    actor          jsonb    NOT NULL,
    correlation_id uuid,
    causation_id   uuid,
    metadata       jsonb    NOT NULL,
    part_id        uuid,
    occurred_at    timestamptz
) ON COMMIT DELETE ROWS
