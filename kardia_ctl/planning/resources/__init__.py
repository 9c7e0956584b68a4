"""What to do about each kind of resource."""
