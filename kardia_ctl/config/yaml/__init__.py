"""YAML to a tree in which every scalar is text and has its place."""
