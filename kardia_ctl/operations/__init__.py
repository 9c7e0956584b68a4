"""One file for each operation of a command, above the engine and below the command line."""
