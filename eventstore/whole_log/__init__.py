"""A whole log into an empty one: what restoring a backup and the demo company do."""
