-- Changes that add nothing to a cached aggregate but take from it: how often anybody was forgotten, and when anything of
-- this stream was undone last.
SELECT
    (SELECT count(*) FROM log.forgotten) AS forgettings,
    coalesce(
        (
            SELECT max(version)
            FROM log.event
            WHERE stream_id = %(stream_id)s
                AND type IN ('customer.events_undone', 'lead.events_undone', 'ticket.events_undone')
        ),
        0
    ) AS undone_at
