"""Standard sets of keyphrases: what a tagger does at a task that is not its own."""
