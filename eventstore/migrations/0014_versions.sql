-- A read model has versions: the live one, the one before it, which follows on until it is retired, and one that is being
-- built. And keys that a fold cannot do are set apart, so that all others go on.

ALTER TABLE replay.checkpoint
    ADD COLUMN schema_name      text             NOT NULL DEFAULT 'public',
    -- the texts of table and folds: a version is followed by its own, whatever the program's are by now
    ADD COLUMN source           jsonb,
    -- the definition that was rolled back from: it does not come back by itself
    ADD COLUMN held_against     text,
    ADD COLUMN events_a_second  double precision,
    ADD COLUMN verified_at      timestamptz,
    ADD COLUMN rows_differing   bigint,
    ADD COLUMN has_parked       boolean          NOT NULL DEFAULT false,
    DROP CONSTRAINT checkpoint_pkey,
    ADD PRIMARY KEY (projection, schema_name);

-- What is being built, and how far that is.
CREATE TABLE replay.rebuild (
    projection  text             PRIMARY KEY,
    definition  text             NOT NULL,
    phase       text             NOT NULL,
    wanted      text             NOT NULL CHECK (wanted IN ('run', 'pause', 'cancel')),
    -- the position at which all is folded; what comes later is caught up with at the end
    horizon     bigint           NOT NULL,
    fold        integer          NOT NULL,
    -- where the keys of the fold are cut
    cuts        uuid[],
    cuts_done   integer          NOT NULL,
    indexes     jsonb            NOT NULL,
    -- of each fold
    events      bigint[]         NOT NULL,
    -- of all folds together, each once
    events_once bigint           NOT NULL DEFAULT 0,
    events_done bigint           NOT NULL,
    rows        bigint           NOT NULL,
    seconds     double precision NOT NULL,
    updated_at  timestamptz      NOT NULL
);

CREATE TABLE replay.parked (
    projection  text        NOT NULL,
    schema_name text        NOT NULL,
    table_name  text        NOT NULL,
    key         uuid        NOT NULL,
    position    bigint,
    error       text        NOT NULL,
    parked_at   timestamptz NOT NULL,
    PRIMARY KEY (schema_name, table_name, key)
);
