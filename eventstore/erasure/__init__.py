"""Forgets people: in the log, outside of it, and on the disk."""
