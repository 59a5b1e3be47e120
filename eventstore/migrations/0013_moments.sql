-- Which events were known at a moment. Recorded times do not quite rise with the positions, as clocks differ and writers
-- overlap; their running maximum does, and is kept for every thousandth position.

CREATE TABLE log.recorded_until (
    position bigint      PRIMARY KEY,
    latest   timestamptz NOT NULL
);
CREATE INDEX recorded_until_latest ON log.recorded_until (latest, position);

-- The last position before the first event recorded later than the moment, of those up to a position behind the fence.
-- Whoever asks first adds what is lacking.
CREATE FUNCTION log.position_at(moment timestamptz, upto bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known log.recorded_until := (SELECT u FROM log.recorded_until AS u ORDER BY position DESC LIMIT 1);
    start bigint;
BEGIN
    INSERT INTO log.recorded_until
    SELECT
        thousand * 1000,
        greatest(known.latest, max(latest) OVER (ORDER BY thousand))
    FROM (
        SELECT
            (e.position + 999) / 1000 AS thousand,
            max(e.recorded_at) AS latest
        FROM log.event AS e
        WHERE e.position > coalesce(known.position, 0)
            AND e.position <= upto / 1000 * 1000
        GROUP BY thousand
    ) AS part
    ON CONFLICT (position) DO NOTHING;

    SELECT u.position INTO start
    FROM log.recorded_until AS u
    WHERE u.latest <= moment
    ORDER BY u.latest DESC, u.position DESC
    LIMIT 1;

    RETURN coalesce(
        (
            SELECT e.position - 1
            FROM log.event AS e
            WHERE e.position > coalesce(start, 0)
                AND e.position <= upto
                AND e.recorded_at > moment
            ORDER BY e.position
            LIMIT 1
        ),
        upto
    );
END
$$;
