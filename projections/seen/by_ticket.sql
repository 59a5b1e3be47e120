ticket_id IN ({tickets})
