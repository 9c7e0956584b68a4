"""Files that are encrypted as a whole, with age or with SOPS in its binary mode."""
