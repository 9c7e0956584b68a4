"""Seeded faults and latency."""
