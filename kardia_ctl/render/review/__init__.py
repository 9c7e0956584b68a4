"""A plan as a page that anybody may read: Markdown for a comment, HTML for a browser."""
