"""Making a plan come true: order, concurrency, what was recorded, what became of each address."""
