"""Proves the answers: follows the log, rebuilds read models beside the live ones, and compares both row by row."""
