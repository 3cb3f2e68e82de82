"""Article tagging and corrections: what the Space runs and what training shares with it."""
