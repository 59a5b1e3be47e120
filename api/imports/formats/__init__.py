"""Files that are not CSV, each read as columns and lines of cells, so that every kind of record can come from it."""
