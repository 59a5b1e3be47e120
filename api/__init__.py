"""Speaks: HTTP routes, the console's pages, the command line, and the settings they share."""

VERSION = "0.1.0"
