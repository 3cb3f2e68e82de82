"""Tags a file of many articles: CSV, JSON Lines or a zip of Markdown files, row by row."""
