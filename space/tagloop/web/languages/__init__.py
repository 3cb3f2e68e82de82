"""The page's words in each language, and who is shown which."""
