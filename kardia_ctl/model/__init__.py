"""Values and ports that every room shares. Nothing here does I/O, reads a clock or knows a library."""
