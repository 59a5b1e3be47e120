-- Later than all others, also when the machine that the backup comes from had its clock ahead.
INSERT INTO log.epoch (epoch, started_at)
SELECT gen_random_uuid(), greatest(clock_timestamp(), max(started_at) + interval '1 microsecond')
FROM log.epoch
RETURNING epoch
