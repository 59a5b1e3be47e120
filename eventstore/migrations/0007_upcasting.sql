-- Upcasting: an event that was stored in an older schema is read in today's. This is the one place; the rows stay as
-- they are, and digests cover them as they are. A change of an event's schema is a migration that replaces one of the
-- two functions (docs/guides/change-an-event.md).

-- Both are IMMUTABLE SQL without FROM, and may call nothing that is less (jsonb_build_object is STABLE): only then do
-- they dissolve into the queries that read the view. The data must not depend on the personal part: readers of the data
-- alone would have to read both, and forgetting would change it.
CREATE FUNCTION log.upcast_data(type text, schema_version smallint, data jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT data
$$;

CREATE FUNCTION log.upcast_personal(type text, schema_version smallint, personal jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT personal
$$;

-- Statistics quote the values that are most common, and of a column that is never searched by value nobody needs any.
-- Giving a column its type again drops those that are there; only without the views may that be done.
DROP VIEW log.recorded, log.history;
ALTER TABLE log.personal_data ALTER COLUMN data TYPE jsonb;
ALTER TABLE log.personal_data ALTER COLUMN data SET STATISTICS 0;

CREATE VIEW log.history AS
SELECT
    e.position,
    e.customer_id,
    e.stream_id,
    e.stream_type,
    e.version,
    e.event_id,
    e.type,
    e.schema_version,
    log.upcast_data(e.type, e.schema_version, e.data) AS data,
    log.upcast_personal(e.type, e.schema_version, p.data) AS personal,
    e.personal_digest,
    e.actor,
    e.command_id,
    e.correlation_id,
    e.causation_id,
    e.metadata,
    e.part_id,
    e.occurred_at,
    e.recorded_at,
    e.digest
FROM log.event AS e
LEFT JOIN log.personal_data AS p
    ON p.customer_id = e.customer_id
    AND p.position = e.position;

-- `schema_version` tells in which schema the row was stored: a program refuses one that is newer than it knows.
CREATE VIEW log.recorded AS
SELECT
    position,
    customer_id,
    stream_id,
    stream_type,
    version,
    event_id,
    type,
    data,
    personal,
    personal_digest IS NOT NULL AS had_personal,
    actor,
    command_id,
    correlation_id,
    metadata,
    part_id,
    occurred_at,
    recorded_at,
    schema_version
FROM log.history;
