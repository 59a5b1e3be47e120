SELECT coalesce(max(last_position), 0) AS position FROM log.seal
