"""`kardia-ctl get`."""
