SELECT
    number,
    first_position,
    last_position,
    coalesce(event_count, 0) AS event_count,
    coalesce(root, '') AS root,
    previous,
    coalesce(seal, '') AS seal,
    to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS sealed_at
FROM log.seal
WHERE number >= %(from_number)s
ORDER BY number
LIMIT %(limit)s
