"""State as SQL rows, the same in every engine: tables, statements, and what is sealed in them."""
