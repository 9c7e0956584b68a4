"""Files that commands read and write for a person: codes, passwords, saved plans, quarantine."""
