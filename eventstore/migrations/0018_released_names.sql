-- An external id goes on: of a record of which nothing stands, to the one that is taken up under it next.

-- Give up the name where all of its record was undone; otherwise nothing happens.
CREATE FUNCTION log.release_external_id(system text, key text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM log.external_id AS x
    WHERE x.system = release_external_id.system
        AND x.key = release_external_id.key
        AND NOT EXISTS (
            SELECT
            FROM log.event AS e
            WHERE e.stream_id = x.stream_id
                AND e.type NOT IN ('customer.events_undone', 'lead.events_undone', 'ticket.events_undone')
                AND NOT EXISTS (
                    SELECT
                    FROM log.undone AS u
                    WHERE u.stream_id = e.stream_id
                        AND u.version = e.version
                )
        )
$$;
REVOKE EXECUTE ON FUNCTION log.release_external_id FROM PUBLIC;
