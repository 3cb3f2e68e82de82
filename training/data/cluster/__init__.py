"""The build in parts; it is the one that one machine makes of the same sources."""
