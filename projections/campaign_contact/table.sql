CREATE TABLE campaign_contact (
    position    bigint      PRIMARY KEY,
    campaign_id uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    subject_id  uuid        NOT NULL,
    kind        text        NOT NULL,
    channel     text,
    happened_at timestamptz NOT NULL,
    ended_at    timestamptz
);

CREATE INDEX campaign_contact_of_customer ON campaign_contact (customer_id);
CREATE INDEX campaign_contact_of_campaign ON campaign_contact (campaign_id, happened_at);
