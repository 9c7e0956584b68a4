"""What is live and no file declares: who it is, and what can be declared of it."""
