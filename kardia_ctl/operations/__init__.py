"""What commands do: one file for each operation, above the engine and below the command line."""
