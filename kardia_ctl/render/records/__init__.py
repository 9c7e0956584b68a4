"""Records that `get` and `state` show, as tables and drawings."""
