"""What is live: which reads are cheapest, proven scans, counting. Receives a Reader, never a Writer."""
