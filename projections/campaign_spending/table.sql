CREATE TABLE campaign_spending (
    position    bigint      PRIMARY KEY,
    campaign_id uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    spending_id uuid        NOT NULL,
    amount      numeric     NOT NULL,
    currency    text        NOT NULL,
    what        text,
    spent_at    timestamptz NOT NULL
);

CREATE INDEX campaign_spending_of_campaign ON campaign_spending (campaign_id);
