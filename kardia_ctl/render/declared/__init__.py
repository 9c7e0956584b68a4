"""What two revisions declare differently, as text, JSON and Markdown."""
