"""Connection codes: fetched again, and put into letters."""
