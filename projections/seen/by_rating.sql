CASE
    WHEN ticket_id IS NULL THEN customer_id IN ({customers})
    ELSE ticket_id IN ({tickets})
END
