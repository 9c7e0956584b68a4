"""Limits on sending: pace, retries, the in-flight window and the circuit breaker."""
