"""Edits single values of a configuration's files, and leaves every other byte as it is."""
