"""What describes the data: the dataset card, its charts, and the starter articles."""
