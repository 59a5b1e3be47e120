CREATE TABLE ticket (
    ticket_id          uuid        PRIMARY KEY,
    customer_id        uuid        NOT NULL,
    version            integer     NOT NULL,
    position           bigint      NOT NULL,
    status             text        NOT NULL,
    status_since       timestamptz NOT NULL,
    is_spam            boolean     NOT NULL,
    subject            text,
    channel            text,
    inbound            boolean,
    person_id          uuid,
    follows            uuid,
    external_ids       jsonb,
    priority           text        NOT NULL,
    category           text,
    assignee_id        uuid,
    team               text,
    level              integer     NOT NULL,
    awaits             text,
    awaits_since       timestamptz,
    waiting_for        text,
    opened_at          timestamptz NOT NULL,
    first_replied_at   timestamptz,
    agent_replies      bigint      NOT NULL,
    customer_replies   bigint      NOT NULL,
    first_solved_at    timestamptz,
    solved_at          timestamptz,
    resolution         text,
    reopened_at        timestamptz,
    reopenings         bigint      NOT NULL,
    closed_at          timestamptz,
    csat               integer,
    csat_comment       text,
    rated_at           timestamptz,
    sla_policy         text,
    sla_policy_version integer,
    sla_target         text,
    sla_due_at         timestamptz,
    merged_into        uuid,
    custom_fields      jsonb       NOT NULL,
    open_follow_ups    bigint      NOT NULL,
    last_event_at      timestamptz NOT NULL,
    flags              text[]      NOT NULL
);

CREATE INDEX ticket_newest ON ticket (opened_at DESC, ticket_id DESC);
CREATE INDEX ticket_of_customer ON ticket (customer_id);
CREATE INDEX ticket_of_assignee ON ticket (assignee_id, status);
CREATE INDEX ticket_of_team ON ticket (team, status);
CREATE INDEX ticket_in_queue ON ticket (sla_due_at, opened_at) WHERE status IN ('new', 'open', 'pending', 'on_hold');
CREATE INDEX ticket_by_custom_field ON ticket USING gin (custom_fields jsonb_path_ops);
