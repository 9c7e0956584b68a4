"""Server texts without personal values and secrets."""
