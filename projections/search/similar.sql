SELECT
    stream_type,
    stream_id,
    customer_id,
    kind,
    text,
    -- less than whatever holds the words as they are written
    round((similarity * 0.6)::numeric, 4)::float8 AS score
FROM (
    SELECT DISTINCT ON (stream_id)
        *
    FROM (
        SELECT
            *,
            {trigrams}.strict_word_similarity(%(words)s, sought) AS similarity
        FROM search
        WHERE (%(stream_type)s::text IS NULL OR stream_type = %(stream_type)s)
            AND kind <> 'phone'
            AND sought OPERATOR({trigrams}.%%>>) %(words)s
    ) AS found
    WHERE stream_id <> ALL (%(found)s::uuid[])
    ORDER BY stream_id, similarity DESC, length(sought), text, kind, item
) AS best
ORDER BY similarity DESC, length(sought), text, stream_id
LIMIT %(limit)s
