"""`kardia-ctl apply`."""
