"""What a person decided in the configuration, and what may follow once doubts are settled."""
