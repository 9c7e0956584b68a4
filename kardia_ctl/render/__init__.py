"""Plans, problems and results as text and JSON. Values in, text out; no I/O."""
