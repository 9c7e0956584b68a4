"""Where the repository's folders are, for tests at any depth."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
CASSETTES: Final = ROOT / "cassettes"
EXAMPLES: Final = ROOT / "examples"
SCHEMAS: Final = ROOT / "schemas"
