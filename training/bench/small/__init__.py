"""Small corpora, what most people have: a hundred to four hundred articles of one blog."""
