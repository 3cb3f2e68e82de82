"""Reviewing corrections: records of decisions, what they add up to, and the queue of the rest."""
