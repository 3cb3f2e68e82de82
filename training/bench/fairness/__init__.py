"""What one visitor can do to another: answers while he does his worst, next to answers alone."""
