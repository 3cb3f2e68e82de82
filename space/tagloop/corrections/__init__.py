"""What visitors say of tags: the record, its way to the Hub, its review."""
