"""Station train: a base and a dataset to a tagger."""
