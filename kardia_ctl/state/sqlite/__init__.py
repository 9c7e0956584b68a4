"""State in one SQLite file: database, locks, and the mark of an open run."""
