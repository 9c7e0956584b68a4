"""Patients in bulk: files with a row for each, in the formats that hospitals and trials export."""
