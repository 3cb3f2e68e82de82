"""What happens inside a tagger while it tags one article, as data that a page can draw."""
