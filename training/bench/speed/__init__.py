"""Speed of Tagloop next to what people would run instead."""
