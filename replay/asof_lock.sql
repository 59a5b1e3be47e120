-- waits for those who read, and looks again then
SELECT position
FROM replay.asof
WHERE position = %(position)s
    AND (NOT %(only_old)s OR used_at < clock_timestamp() - interval '1 day')
FOR UPDATE
