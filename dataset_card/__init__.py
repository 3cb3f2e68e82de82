"""What describes the data: the dataset's card, its charts, and the starter corpus."""
