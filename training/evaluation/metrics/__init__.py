"""Metrics that ``evaluate`` loads from their folders."""
