"""Data out: lists as files, and everything about one person."""
