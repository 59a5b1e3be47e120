-- Whether the log is what a restore of this backup made of it: behind the backup's end there are only erasures by the list.
SELECT
    (SELECT epoch FROM log.epoch ORDER BY started_at DESC LIMIT 1) AS epoch,
    (SELECT epoch FROM log.epoch ORDER BY started_at DESC OFFSET 1 LIMIT 1) IS NOT DISTINCT FROM %(epoch)s
    AND count(*) FILTER (WHERE e.position <= %(last_position)s) = %(events)s
    AND coalesce(bool_and(e.data ->> 'legal_basis' IS NOT DISTINCT FROM 'erasure_list') FILTER (
        WHERE e.position > %(last_position)s
    ), true) AS is_held
FROM log.event AS e
