"""How sure a tag is: neighbours, keyphrases and the ranker over them."""
