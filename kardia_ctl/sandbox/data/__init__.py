"""Values, and invented patients and ECGs."""
