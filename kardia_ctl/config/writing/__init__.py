"""Writing YAML and CSV that the readers of this package, and everybody else's, read as it was meant."""
