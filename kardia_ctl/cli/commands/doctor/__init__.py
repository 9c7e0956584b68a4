"""``kardia-ctl doctor``: what surrounds a run, checked piece by piece; each check alone can fail."""
