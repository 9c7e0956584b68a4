"""``kardia-ctl encrypt``: files as a whole, for the recipients that are declared."""
