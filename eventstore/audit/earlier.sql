-- What of a stream, or of one part in it, counts before an event of it.
SELECT
    recorded.version,
    recorded.type,
    recorded.schema_version,
    (recorded.data || coalesce(recorded.personal, '{}'))::text AS said,
    recorded.had_personal AND recorded.personal IS NULL AS is_forgotten
FROM log.recorded
WHERE recorded.stream_id = %(stream_id)s
    AND recorded.version > %(after)s
    AND recorded.version < %(before)s
    AND (%(part_id)s::uuid IS NULL OR recorded.part_id = %(part_id)s)
    AND (%(happened_by)s::timestamptz IS NULL OR recorded.occurred_at <= %(happened_by)s)
ORDER BY recorded.version
LIMIT %(limit)s
