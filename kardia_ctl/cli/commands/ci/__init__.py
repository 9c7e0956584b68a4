"""``kardia-ctl ci``: one command for a job of a CI system."""
