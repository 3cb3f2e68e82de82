"""The published dataset, read and counted for the tab that explores it; no user interface here."""
