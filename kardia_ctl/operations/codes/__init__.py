"""Connection codes: fetched again, and matched with the patients whom letters are for."""
