-- Sums over a log's first positions; of two logs with the same digest all events are the same.
WITH counted AS MATERIALIZED (
    SELECT
        stream_type,
        type,
        count(*) AS events,
        count(*) FILTER (WHERE version = 1) AS streams
    FROM log.event
    WHERE position <= %(upto)s
    GROUP BY stream_type, type
)
SELECT
    (SELECT coalesce(sum(events), 0)::bigint FROM counted) AS events,
    (
        SELECT coalesce(jsonb_object_agg(s.stream_type, s.streams), '{}')
        FROM (
            SELECT
                stream_type,
                sum(streams)::bigint AS streams
            FROM counted
            WHERE streams > 0
            GROUP BY stream_type
        ) AS s
    ) AS streams,
    (
        SELECT coalesce(jsonb_object_agg(t.type, t.events), '{}')
        FROM (
            SELECT
                type,
                sum(events)::bigint AS events
            FROM counted
            GROUP BY type
        ) AS t
    ) AS types,
    (
        SELECT sha256(coalesce(string_agg(digest, '' ORDER BY position), ''))
        FROM log.event
        WHERE position <= %(upto)s
    ) AS digest
