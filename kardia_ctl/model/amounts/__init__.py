"""What a plan counts beside its changes, and how much it reads."""
