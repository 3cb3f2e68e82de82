"""Tags in parts: each of many processes or machines has some shards of a source."""
