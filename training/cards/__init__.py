"""The generated cards of datasets and models."""
