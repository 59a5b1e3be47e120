CREATE TABLE sla_target (
    ticket_id         uuid        NOT NULL,
    target            text        NOT NULL,
    cycle             bigint      NOT NULL,
    customer_id       uuid        NOT NULL,
    position          bigint      NOT NULL,
    policy            text        NOT NULL,
    policy_version    integer     NOT NULL,
    clock             text        NOT NULL,
    due_at            timestamptz,
    remaining_seconds bigint      NOT NULL,
    applied_at        timestamptz,
    met_at            timestamptz,
    breached_at       timestamptz,
    cancelled_at      timestamptz,
    PRIMARY KEY (ticket_id, target, cycle)
);

CREATE INDEX sla_target_of_customer ON sla_target (customer_id);
CREATE INDEX sla_target_due ON sla_target (due_at, target);
CREATE INDEX sla_target_running ON sla_target (due_at) WHERE clock = 'running';
