"""Tags of a given list only, or rather than others."""
