"""Station retrain: accepted corrections to the next version of dataset and model."""
