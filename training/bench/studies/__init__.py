"""One-off measurements, each with what it showed."""
