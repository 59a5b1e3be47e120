"""The whole log as a folder of files by month, which any program can read, and back into an empty log."""
