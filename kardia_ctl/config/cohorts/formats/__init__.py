"""One file for each format that a cohort may come in."""
