"""The demo company: its history up to a moment, decided by the same rules as everybody's, and loaded as a whole log."""
