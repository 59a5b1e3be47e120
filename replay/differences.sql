SELECT
    count(*) OVER () AS differing,
    to_jsonb(live) AS live,
    to_jsonb(replayed) AS replayed
FROM {live} AS live
FULL JOIN {replayed} AS replayed
    USING ({key})
WHERE live IS DISTINCT FROM replayed
LIMIT %(limit)s
