-- Two ranges of the primary key: a long history of the excepted one is not read.
SELECT EXISTS (
    SELECT 1
    FROM log.event
    WHERE customer_id < %(except_for)s
) OR EXISTS (
    SELECT 1
    FROM log.event
    WHERE customer_id > %(except_for)s
) AS any_known
