"""Compares what two revisions declare. Pure, and without an account."""
