"""``kardia-ctl init``: the first files of a repository."""
