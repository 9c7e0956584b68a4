"""Observes an account: the fewest reads, proven scans. Receives a Reader, never a Writer."""
