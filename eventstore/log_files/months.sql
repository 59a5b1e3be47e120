-- In which months events were recorded, and between which positions these lie.
SELECT
    to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
    min(position) AS first_position,
    max(position) AS last_position
FROM log.event
GROUP BY 1
ORDER BY 1
