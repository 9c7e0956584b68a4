"""The sandbox's own paths: seeding, patients' actions, quirks and faults."""
