"""The tab that says what runs here."""
