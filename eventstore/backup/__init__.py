"""The whole log in one file, and back."""
