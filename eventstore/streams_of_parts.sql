-- Which histories hold these parts, and whose they are; of a part that was undone too, which then is nobody else's
-- either.
SELECT DISTINCT
    part_id,
    stream_id,
    customer_id
FROM log.event
WHERE part_id = ANY(%(part_ids)s)
