CASE stream_type
    WHEN 'lead' THEN stream_id IN ({leads})
    WHEN 'ticket' THEN stream_id IN ({tickets})
    ELSE customer_id IN ({customers})
END
