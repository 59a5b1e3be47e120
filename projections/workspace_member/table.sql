CREATE TABLE workspace_member (
    member_id      uuid        PRIMARY KEY,
    customer_id    uuid        NOT NULL,
    name           text,
    roles          text[]      NOT NULL,
    teams          text[]      NOT NULL,
    invited_at     timestamptz NOT NULL,
    deactivated_at timestamptz
);
