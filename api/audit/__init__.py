"""The audit of a customer: who did what to her, when, and who has looked."""
