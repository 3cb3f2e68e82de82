"""Tags as words: their normal form, how an article spells them, which are the same."""
