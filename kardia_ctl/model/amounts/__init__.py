"""What a plan counts beside its changes."""
