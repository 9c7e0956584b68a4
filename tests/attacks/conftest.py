"""What the attacks share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.odd_account import Person, person_at


@pytest.fixture
def person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Person]:
    """A person with an empty directory and an account of their own."""
    with person_at(tmp_path / "clinic", monkeypatch, capsys) as found:
        yield found
