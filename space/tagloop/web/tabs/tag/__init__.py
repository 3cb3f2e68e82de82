"""The tab where an article gets its tags and a visitor corrects them."""
