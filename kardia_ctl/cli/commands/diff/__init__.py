"""``kardia-ctl diff``: what two git revisions declare."""
