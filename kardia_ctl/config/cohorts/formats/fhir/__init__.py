"""Cohorts in FHIR: what a Patient resource declares, and which resources and elements count."""
