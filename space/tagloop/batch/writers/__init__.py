"""Gives a visitor's file back with tags where its kind has them, one module a kind."""
