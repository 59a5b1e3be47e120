SELECT last_value - (NOT is_called)::integer AS head FROM log.event_position
