SELECT DISTINCT {key} AS key
FROM log.event
WHERE position > %(after)s
    AND position <= %(horizon)s
    AND type = ANY(%(types)s)
    AND {key} IS NOT NULL
