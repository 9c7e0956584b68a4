"""What the tests of the store share."""

from pathlib import Path

import pytest

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import PatientRecord, Remember
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.db"


@pytest.fixture
def store(path: Path) -> SqliteStore:
    return SqliteStore(path, "default", now=lambda: 1_772_445_600.0, sleep=lambda _: None)


@pytest.fixture
def remembered() -> Remember:
    return Remember(Kind.PATIENT, "JS-1", "", PatientRecord("id-1", b"fingerprint", 7))
