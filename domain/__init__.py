"""Decides: what may happen to a customer, a lead and the workspace, as pure functions over frozen models."""
