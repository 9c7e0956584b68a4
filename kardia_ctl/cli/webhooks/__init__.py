"""`status --listen`: receiving webhook events."""
