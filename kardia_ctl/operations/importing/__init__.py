"""Bringing what is live into files."""
