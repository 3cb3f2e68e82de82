"""What the Hub does by itself: it tells webhooks what changed, and runs Jobs."""
