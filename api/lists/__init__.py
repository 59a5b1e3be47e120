"""Lists over the API: one way to filter, sort, page, pick fields and follow references, whatever is listed."""
