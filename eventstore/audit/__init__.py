"""Who did what to whom: a customer's events in order, each with the fields it touched, and who has looked at them."""
