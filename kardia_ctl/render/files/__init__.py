"""CSV and code files."""
