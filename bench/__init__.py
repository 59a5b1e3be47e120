"""Measures: how fast the log is, side by side with its peers, on one server with durability on."""
