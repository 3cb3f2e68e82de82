"""What blogs, newsletters and forums give out of themselves: a module a kind."""
