CREATE TABLE subscription (
    subscription_id uuid    NOT NULL,
    stream_id       uuid    NOT NULL,
    customer_id     uuid    NOT NULL,
    status          text    NOT NULL,
    plan            text,
    mrr             numeric,
    currency        text,
    term_months     integer,
    started_on      date,
    changed_on      date,
    renews_on       date,
    ends_on         date,
    ended_on        date,
    paused_until    date,
    voluntary       boolean,
    cancel_reason   text,
    position        bigint  NOT NULL,
    PRIMARY KEY (stream_id, subscription_id)
);

CREATE INDEX subscription_of_customer ON subscription (customer_id);
CREATE INDEX subscription_by_status ON subscription (status, renews_on);
CREATE INDEX subscription_in_time ON subscription (started_on);
