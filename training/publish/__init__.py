"""Station publish: dataset, model and Space to a Hub."""
