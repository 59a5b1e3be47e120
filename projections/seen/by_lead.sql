lead_id IN ({leads})
