"""Brings leads in from the files of other systems: how a file is read, what its mapping says, and what is recorded."""
