"""State in PostgreSQL: one connection holds the lock and commits, others only read."""
