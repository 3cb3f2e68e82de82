"""The static Space in a headless browser: what it sends, how long it takes, what it answers."""
