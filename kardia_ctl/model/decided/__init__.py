"""What a person decided in the configuration."""
