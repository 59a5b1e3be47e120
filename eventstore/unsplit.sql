-- Events of one append have one moment of recording.
SELECT coalesce(min(position) - 1, %(position)s) AS position
FROM log.event
WHERE position > %(position)s - %(longest)s
    AND position <= %(position)s
    AND recorded_at IN (
        SELECT later.recorded_at
        FROM log.event AS later
        WHERE later.position > %(position)s
            AND later.position <= %(position)s + %(longest)s
    )
