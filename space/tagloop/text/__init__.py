"""Text from markup and bytes, and where its sentences are."""
