"""Status as text, JSON and HTML."""
