"""Plans as text, as Terraform's JSON and as its stream of lines."""
