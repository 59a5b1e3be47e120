"""Decides: what may happen to a customer, a lead, a ticket and the workspace, as pure functions over frozen models."""
