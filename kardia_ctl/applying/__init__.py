"""Sending the changes of a plan: order, concurrency, the records in state, the result of each address."""
