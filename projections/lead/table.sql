CREATE TABLE lead (
    lead_id           uuid        PRIMARY KEY,
    customer_id       uuid        NOT NULL,
    version           integer     NOT NULL,
    position          bigint      NOT NULL,
    status            text        NOT NULL,
    title             text,
    source            text,
    campaign_id       uuid,
    form              jsonb,
    inbound           boolean,
    external_ids      jsonb,
    pipeline          text,
    stage             text,
    probability       numeric,
    forecast_category text,
    owner_id          uuid,
    team              text,
    amount            numeric,
    currency          text,
    product_ids       text[]      NOT NULL,
    expected_close    date,
    recycled_until    date,
    received_at       timestamptz,
    captured_at       timestamptz NOT NULL,
    contacted_at      timestamptz,
    qualified_at      timestamptz,
    closed_at         timestamptz,
    converted_at      timestamptz,
    merged_into       uuid,
    lost_reason       text,
    competitor        text,
    custom_fields     jsonb       NOT NULL,
    open_follow_ups   bigint      NOT NULL,
    last_event_at     timestamptz NOT NULL,
    flags             text[]      NOT NULL
);

CREATE INDEX lead_newest ON lead (captured_at DESC, lead_id DESC);
CREATE INDEX lead_of_customer ON lead (customer_id);
CREATE INDEX lead_of_owner ON lead (owner_id, status);
CREATE INDEX lead_of_team ON lead (team) WHERE team IS NOT NULL;
CREATE INDEX lead_on_board ON lead (pipeline, stage) WHERE status = 'open';
CREATE INDEX lead_closed ON lead (closed_at DESC, lead_id) WHERE closed_at IS NOT NULL;
CREATE INDEX lead_by_custom_field ON lead USING gin (custom_fields jsonb_path_ops);
