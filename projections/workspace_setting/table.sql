CREATE TABLE workspace_setting (
    customer_id  uuid        NOT NULL,
    kind         text        NOT NULL,
    name         text        NOT NULL,
    version      integer     NOT NULL,
    definition   jsonb       NOT NULL,
    published_at timestamptz NOT NULL,
    is_current   boolean     NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (kind, name, version)
);
