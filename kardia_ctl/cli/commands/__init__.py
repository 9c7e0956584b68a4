"""One file for each command, or a folder where a command has several."""
