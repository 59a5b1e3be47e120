"""The settings: what holds now, who changed it when, and every change as one command."""
