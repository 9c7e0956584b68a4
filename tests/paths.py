"""Where the repository's folders are, for tests at any depth."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
CASSETTES: Final = ROOT / "cassettes"
EXAMPLES: Final = ROOT / "examples"
SCHEMAS: Final = ROOT / "schemas"

DATA: Final = ROOT / "tests" / "data"
"""Configurations that tests work on. The examples are for readers and may change."""

CLINIC: Final = DATA / "clinic"
"""A configuration of three patients, a callback, a provider and two codes, for tests to copy."""
