"""Sign-in for pages of static Spaces: who may ask for what, and what was granted."""
