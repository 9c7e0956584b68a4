"""Letters to patients: from a template, as PDF, and as a table for a mail merge."""
