"""The sandbox's account on its SQLite file."""
