CREATE TABLE workspace_member (
    member_id  uuid        PRIMARY KEY,
    customer_id uuid       NOT NULL,
    name       text,
    invited_at timestamptz NOT NULL
);
