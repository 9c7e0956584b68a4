"""What two revisions of a configuration declare differently."""
