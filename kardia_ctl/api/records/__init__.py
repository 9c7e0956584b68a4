"""Reads for `get`: lists of records, their endpoints and how their rows decode."""
