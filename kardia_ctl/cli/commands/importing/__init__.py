"""`kardia-ctl import`."""
