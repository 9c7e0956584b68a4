"""A configuration of one cohort, written and loaded."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from kardia_ctl.config import load
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration

NOW: Final = Instant(datetime(2026, 6, 15, 12, tzinfo=UTC).timestamp())
"""The moment of every test, so that a birth date or a period means the same each day."""

Loading = Callable[..., Configuration]


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loading:
    """Load a configuration with the cohort ``c``: its file's name, its content, and what is said of it."""
    monkeypatch.chdir(tmp_path)

    def loaded(name: str, content: str | bytes, said: str = "", more: str = "") -> Configuration:
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
        declared = ", ".join(filter(None, (f"source: {name}", said)))
        text = f"version: 1\ntemplates: {{a: 1, b: 2}}\ncohorts: {{c: {{{declared}}}}}\n"
        Path("kardia.yaml").write_text(text + more, encoding="utf-8")
        return load(Path(), {}, NOW)

    return loaded
