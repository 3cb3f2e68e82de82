"""One article in a file of its own: Markdown, HTML, reStructuredText, Org, text, Word, PDF."""
