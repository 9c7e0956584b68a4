"""What an approval is about: the digest of a plan, and whom the plan touches."""
