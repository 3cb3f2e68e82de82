"""Station evaluate: how good a tagger is on a split."""
