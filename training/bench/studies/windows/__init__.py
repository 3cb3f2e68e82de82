"""Windows of long articles against cutting them off."""
