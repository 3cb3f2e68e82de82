"""What the model generates: two engines, decoding, candidates, windows of long texts, evidence."""
