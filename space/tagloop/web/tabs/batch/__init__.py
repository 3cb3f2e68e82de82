"""The tab where a whole file of articles gets its tags."""
