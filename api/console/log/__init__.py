"""The log and what is made of it: its events, its read models and their replays, its seals."""
