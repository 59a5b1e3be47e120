-- what a record is called
SELECT
    stream_id,
    text
FROM search
WHERE stream_id = ANY(%(ids)s::uuid[])
    AND kind IN ('name', 'title', 'subject')
