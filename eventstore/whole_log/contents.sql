-- Sums over a log's first positions; of two logs with the same digest all events are the same.
SELECT
    (SELECT count(*) FROM log.event WHERE position <= %(upto)s) AS events,
    (
        SELECT coalesce(jsonb_object_agg(s.stream_type, s.streams), '{}')
        FROM (
            SELECT stream_type, count(*) AS streams
            FROM log.event
            WHERE position <= %(upto)s
                AND version = 1
            GROUP BY stream_type
        ) AS s
    ) AS streams,
    (
        SELECT coalesce(jsonb_object_agg(t.type, t.events), '{}')
        FROM (
            SELECT type, count(*) AS events
            FROM log.event
            WHERE position <= %(upto)s
            GROUP BY type
        ) AS t
    ) AS types,
    (
        SELECT sha256(coalesce(string_agg(digest, '' ORDER BY position), ''))
        FROM log.event
        WHERE position <= %(upto)s
    ) AS digest
