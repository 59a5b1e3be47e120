CREATE TABLE campaign (
    campaign_id uuid        PRIMARY KEY,
    customer_id uuid        NOT NULL,
    version     integer     NOT NULL,
    position    bigint      NOT NULL,
    status      text        NOT NULL,
    name        text,
    kind        text,
    owner_id    uuid,
    starts_on   date,
    ends_on     date,
    budget      numeric,
    currency    text,
    spent       jsonb       NOT NULL,
    planned_at  timestamptz,
    launched_at timestamptz,
    ended_at    timestamptz,
    end_reason  text
);

CREATE INDEX campaign_by_status ON campaign (status, starts_on);
