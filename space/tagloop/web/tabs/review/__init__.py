"""The tab where reviewers decide what the next model may learn from."""
