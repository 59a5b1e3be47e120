CREATE TABLE campaign_member (
    campaign_id      uuid        NOT NULL,
    customer_id      uuid        NOT NULL,
    subject_id       uuid        NOT NULL,
    person_id        uuid,
    messages         bigint      NOT NULL,
    sent_at          timestamptz,
    delivered_at     timestamptz,
    bounced_at       timestamptz,
    bounced_for_good boolean     NOT NULL,
    opened_at        timestamptz,
    clicked_at       timestamptz,
    responded_at     timestamptz,
    unsubscribed_at  timestamptz,
    PRIMARY KEY (campaign_id, customer_id, subject_id)
);

CREATE INDEX campaign_member_of_customer ON campaign_member (customer_id);
