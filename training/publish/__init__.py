"""Puts dataset, model and Space on a Hub."""
