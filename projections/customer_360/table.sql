CREATE TABLE customer_part (
    part_id     uuid        NOT NULL,
    record_id   uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    kind        text        NOT NULL,
    began_at    timestamptz NOT NULL,
    is_open     boolean,
    due_at      timestamptz,
    amount      numeric,
    currency    text,
    PRIMARY KEY (part_id, record_id, kind)
);

CREATE INDEX customer_part_of_customer ON customer_part (customer_id);

CREATE TABLE customer_record (
    record_id   uuid        PRIMARY KEY,
    customer_id uuid        NOT NULL,
    noun        text        NOT NULL,
    is_open     boolean     NOT NULL,
    is_merged   boolean     NOT NULL,
    begun_at    timestamptz NOT NULL,
    csat        integer,
    rated_at    timestamptz
);

CREATE INDEX customer_record_of_customer ON customer_record (customer_id);

CREATE TABLE contact_point (
    customer_id uuid        NOT NULL,
    point_id    uuid        NOT NULL,
    recorded_on uuid        NOT NULL,
    kind        text        NOT NULL,
    written     text,
    normalised  text,
    comparable  text,
    extension   text,
    label       text,
    is_primary  boolean     NOT NULL,
    person_id   uuid,
    added_at    timestamptz NOT NULL,
    position    bigint      NOT NULL,
    PRIMARY KEY (customer_id, point_id)
);

-- a hash, because what people write may be longer than a row of an ordered index
CREATE INDEX contact_point_alike ON contact_point USING hash (comparable);

CREATE TABLE consent (
    customer_id  uuid        NOT NULL,
    subject_id   uuid        NOT NULL,
    channel      text        NOT NULL,
    purpose      text        NOT NULL,
    person_id    uuid,
    is_granted   boolean     NOT NULL,
    is_allowed   boolean     NOT NULL,
    source       text,
    text_version text,
    proof        text,
    said_at      timestamptz NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (customer_id, subject_id, channel, purpose)
);

CREATE TABLE customer_lifecycle_interval (
    customer_id        uuid        NOT NULL,
    valid_from         timestamptz NOT NULL,
    valid_to           timestamptz,
    status             text        NOT NULL,
    is_archived        boolean     NOT NULL,
    is_forgotten       boolean     NOT NULL,
    is_active          boolean     NOT NULL,
    is_new             boolean     NOT NULL,
    was_active         boolean     NOT NULL,
    churn_kind         text,
    churn_effective_on date,
    position           bigint      NOT NULL,
    PRIMARY KEY (customer_id, valid_from)
);

CREATE INDEX customer_lifecycle_interval_in_time ON customer_lifecycle_interval (valid_from, valid_to);

CREATE TABLE customer_profile (
    customer_id   uuid        PRIMARY KEY,
    kind          text,
    name          text,
    source        text,
    owner_id      uuid,
    team          text,
    segment       text,
    industry      text,
    size          text,
    tier          text,
    external_ids  jsonb,
    tags          text[]      NOT NULL,
    custom_fields jsonb       NOT NULL,
    nps_score     integer,
    nps_at        timestamptz,
    csat_score    integer,
    csat_at       timestamptz,
    ces_score     integer,
    ces_at        timestamptz,
    first_at      timestamptz NOT NULL,
    position      bigint      NOT NULL
);

CREATE TABLE customer_360 (
    customer_id         uuid        PRIMARY KEY,
    kind                text,
    name                text,
    status              text        NOT NULL,
    status_since        timestamptz,
    since               timestamptz,
    source              text,
    owner_id            uuid,
    team                text,
    segment             text,
    industry            text,
    size                text,
    tier                text,
    external_ids        jsonb,
    tags                text[]      NOT NULL,
    custom_fields       jsonb       NOT NULL,
    email               text,
    phone               text,
    consents            jsonb       NOT NULL,
    unsubscribed        text[]      NOT NULL,
    open_leads          bigint      NOT NULL,
    open_tickets        bigint      NOT NULL,
    open_follow_ups     bigint      NOT NULL,
    next_due_at         timestamptz,
    interactions        bigint      NOT NULL,
    last_interaction_at timestamptz,
    purchases           bigint      NOT NULL,
    last_purchase_at    timestamptz,
    subscriptions       bigint      NOT NULL,
    mrr                 jsonb       NOT NULL,
    purchased           jsonb       NOT NULL,
    nps_score           integer,
    nps_at              timestamptz,
    csat_score          integer,
    csat_at             timestamptz,
    ces_score           integer,
    ces_at              timestamptz
);

CREATE INDEX customer_360_newest ON customer_360 (since DESC, customer_id DESC);
CREATE INDEX customer_360_of_owner ON customer_360 (owner_id, status);
CREATE INDEX customer_360_of_team ON customer_360 (team) WHERE team IS NOT NULL;
CREATE INDEX customer_360_by_tag ON customer_360 USING gin (tags);
CREATE INDEX customer_360_by_custom_field ON customer_360 USING gin (custom_fields jsonb_path_ops);
