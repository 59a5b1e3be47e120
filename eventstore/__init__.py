"""Remembers: the append-only Postgres log, its fence, personal data and commands, and the server it lives on."""
