"""Decides what may happen to customers, leads, tickets, campaigns and the workspace: pure functions, frozen models."""
