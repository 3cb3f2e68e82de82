"""Speed of fine-tuning next to plain settings."""
