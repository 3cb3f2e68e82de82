"""How well the article in a page is found, on pages that are made for it."""
