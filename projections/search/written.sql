SELECT
    stream_type,
    stream_id,
    customer_id,
    kind,
    text,
    -- the whole text, its beginning, that of a word in it, or anything else
    (ARRAY[1.0, 0.9, 0.8, 0.7])[rank + 1]::float8 AS score
FROM (
    SELECT DISTINCT ON (stream_id)
        *
    FROM (
        SELECT
            *,
            CASE
                WHEN sought = %(words)s THEN 0
                WHEN sought LIKE %(beginning)s THEN 1
                WHEN sought LIKE %(beginning_of_word)s THEN 2
                ELSE 3
            END AS rank
        FROM search
        WHERE (%(stream_type)s::text IS NULL OR stream_type = %(stream_type)s)
            AND (
                -- the index knows the longest word, and finds few of the others
                (sought LIKE %(longest)s AND sought LIKE ALL (%(patterns)s::text[]))
                OR (kind = 'phone' AND sought LIKE %(digits)s)
            )
    ) AS found
    ORDER BY stream_id, rank, length(sought), text, kind, item
) AS best
ORDER BY rank, length(sought), text, stream_id
LIMIT %(limit)s
