"""Invented data: patients, ECGs and PDFs."""
