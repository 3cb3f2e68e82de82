"""Tags of a given list without training data, next to what people would use instead."""
