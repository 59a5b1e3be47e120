-- What was known at a position, folded into a schema of its own (asof_<position>) for those who ask again. The row is
-- written in the transaction that fills the tables: what it names is whole.
CREATE TABLE replay.asof (
    position    bigint      PRIMARY KEY,
    definitions jsonb       NOT NULL,
    bytes       bigint      NOT NULL,
    made_at     timestamptz NOT NULL,
    used_at     timestamptz NOT NULL
);
