"""The tab that shows what happens inside the model."""
