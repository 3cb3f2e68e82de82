"""Variants of the base's recipe, compared on validation."""
