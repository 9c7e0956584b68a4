"""What a person decided in the configuration: moved mrns, and decisions until a day."""
