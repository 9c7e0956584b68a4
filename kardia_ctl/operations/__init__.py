"""One file for each thing that a command does. Above the engine, below the command line."""
