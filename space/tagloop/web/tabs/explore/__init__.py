"""The tab that shows what the tagger learned from."""
