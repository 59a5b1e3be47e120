customer_id IN ({customers})
