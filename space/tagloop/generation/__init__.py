"""What the model writes: two engines, decoding, candidates, windows of long articles, evidence."""
