"""Every command as a route: per resource a table of rows, each with the command, its rule, and what the rule needs."""
