"""Fetches a page or a feed at an address, and nothing that must not be reached."""
