"""``encrypt --again``: the same text for the recipients of today, or the file as it was."""

from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.config.encryption.sealing import OURS, THEIRS

TEXT = b"mrn,dob\n" + b"0012345,2000-07-21\n" * 20_000


@pytest.fixture
def clinic(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk.write(f"version: 1\nrecipients: [{OURS.recipient}, {THEIRS.recipient}]\n")
    monkeypatch.chdir(desk.path)
    monkeypatch.setenv("KARDIA_AGE_IDENTITY", OURS.text)
    for name in ("a.csv.age", "b.csv.age"):
        Path(name).write_bytes(OURS.sealed(TEXT, armored=name.startswith("a")))
    return desk


def test_each_file_can_be_read_by_the_recipients_of_today(clinic: Desk) -> None:
    ran = clinic.run("encrypt", "--again", "a.csv.age", "b.csv.age")
    assert ran.code == 0
    assert ran.out == "Wrote a.csv.age for 2 recipients\nWrote b.csv.age for 2 recipients\n"
    for name in ("a.csv.age", "b.csv.age"):
        assert THEIRS.opened(Path(name).read_bytes()) == OURS.opened(Path(name).read_bytes()) == TEXT


def test_a_file_that_cannot_be_opened_stays_as_it_is(clinic: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = Path("a.csv.age").read_bytes()
    for spoiled in (sealed[:-40], THEIRS.sealed(TEXT), b"mrn,dob\n", b""):
        Path("a.csv.age").write_bytes(spoiled)
        ran = clinic.run("encrypt", "--again", "a.csv.age")
        assert ran.code == 1
        assert "a.csv.age: " in ran.err
        assert Path("a.csv.age").read_bytes() == spoiled
        assert [path.name for path in Path().iterdir() if path.name.startswith(".a.csv")] == []


@pytest.mark.parametrize("more", ["--edit", "--remove"])
def test_it_goes_with_nothing_else(more: str, clinic: Desk) -> None:
    assert clinic.run("encrypt", "--again", more, "a.csv.age").code == 1
