"""Lists of records: one mechanism for every noun, which filters, sorts and pages the rows of its read model."""
