"""The addresses that clients of the Hub call, one module a subject."""
