"""Errors that somebody can do something about."""


class Trouble(Exception):
    """Its message says what is wrong and what to do, and quotes nothing personal: it is shown and logged as it is."""
