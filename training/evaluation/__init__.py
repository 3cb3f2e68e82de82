"""How good a tagger is on a split."""
