"""Shows whether the log was changed: seals, their export, verification, and proofs."""
