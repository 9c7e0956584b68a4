"""Checks over a whole plan: the same person twice, and reasons to stop the run."""
