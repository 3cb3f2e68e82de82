"""How cost grows with the length of an article and with the number of articles."""
