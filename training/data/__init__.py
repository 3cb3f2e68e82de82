"""Station build: sources to a dataset with fixed splits."""
