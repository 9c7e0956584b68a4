"""Saved plans: file, codec, digests and staleness."""
