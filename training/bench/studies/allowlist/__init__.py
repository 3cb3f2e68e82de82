"""Tags of a given list: how good they are, and the constants that guess those never seen."""
