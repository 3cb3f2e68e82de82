"""What the Space does for a visitor, with no user interface."""
