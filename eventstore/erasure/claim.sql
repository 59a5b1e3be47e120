INSERT INTO log.command (customer_id, command_id, body_hash, first_position, event_count)
VALUES (%(customer_id)s, %(command_id)s, %(body_hash)s, %(position)s, 1)
