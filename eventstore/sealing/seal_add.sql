INSERT INTO log.seal (number, first_position, last_position, event_count, root, previous, seal, sealed_at)
VALUES (
    %(number)s,
    %(first_position)s,
    %(last_position)s,
    %(event_count)s,
    %(root)s,
    %(previous)s,
    %(seal)s,
    clock_timestamp()
)
