"""`kardia-ctl sandbox`."""
