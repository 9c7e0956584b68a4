"""A repository whose patients are encrypted: their plain text is in no file, during a command or after it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.cli.commands.encrypt import editor
from tests.canary.desk import files_below, in_memory
from tests.canary.watch import COHORT, CONFIGURATION, OURS, THEIRS, Watch, entry, fields, watched
from tests.config.encryption.sealing import OURS as KEYS

MAIN = (
    CONFIGURATION.partition("cohorts:")[0]
    + f"recipients: [{KEYS.recipient}]\ninclude: ['patients/*.yaml.age']\n"
    + "cohorts: {spring: {source: spring.csv.age, on_bad_row: quarantine}}\n"
)
PATIENTS = "patients:\n" + "".join(map(entry, OURS))
HEAD = "mrn,dob,email,firstname,lastname\n"


def row(dob: str = COHORT.dob) -> str:
    cells = (COHORT.mrn, dob, COHORT.email, COHORT.firstname, COHORT.lastname)
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        desk = opened.desk
        for name in ("spring.csv", "kardia.yaml"):
            (desk.path / name).write_bytes(b"")
        opened.allowed.clear()
        (desk.path / "kardia.yaml").write_text(MAIN, encoding="utf-8")
        (desk.path / "patients").mkdir()
        (desk.path / "patients" / "p.yaml.age").write_bytes(KEYS.sealed(PATIENTS))
        (desk.path / "spring.csv.age").write_bytes(KEYS.sealed(HEAD + row()))
        monkeypatch.setenv("KARDIA_AGE_IDENTITY", KEYS.identity)
        monkeypatch.setenv("KARDIA_ENDPOINT", "http://127.0.0.1:9")  # doctor looks up no name
        opened.scanner.add("the age identity", KEYS.identity)
        opened.look_around()
        yield opened


def test_no_command_writes_or_shows_the_plain_text_of_an_encrypted_file(watch: Watch) -> None:
    path, place = str(watch.desk.path), watch.place
    watch.desk.account.patients.add(fields(THEIRS, "QZMRN-4"))  # is imported, for the recipients
    watch.allowed |= {place / "codes.csv", watch.desk.path / ".kardia" / "key"}
    watch.wire.listen = watch.look_around
    for words in (
        ("validate", path),
        ("plan", path),
        ("plan", path, "--out", str(place / "saved.plan")),
        ("show", str(place / "saved.plan")),
        ("apply", str(place / "saved.plan"), "--codes-out", str(place / "codes.csv")),
        ("plan", path, "--json"),
        ("status", path, "--html", str(place / "status.html")),
        ("state", "list", path),
        ("audit", "list", path),
        ("import", path),
        ("plan", path, "--refresh", "off"),
        ("doctor", path, "--report", str(place / "report.json")),
    ):
        ran = watch.run(*words)
        assert ran.code == 0, ran.told
    assert len(watch.desk.account.patients.all()) == 4
    assert b"QZMRN-4" in KEYS.opened((watch.desk.path / "patients" / "imported.yaml.age").read_bytes())


def test_what_is_wrong_in_an_encrypted_file_is_told_without_its_values(watch: Watch) -> None:
    sealed = watch.desk.path / "spring.csv.age"
    sealed.write_bytes(KEYS.sealed(HEAD + row("1953-13-06")))
    ran = watch.run("validate", str(watch.desk.path))
    assert ran.code == 1
    assert re.search(r"spring.csv.age:2:11: patient/~\w{10}: dob is not a valid YYYY-MM-DD date", ran.err)
    assert KEYS.opened((watch.desk.path / "spring.rejected.csv.age").read_bytes())
    sealed.write_bytes(sealed.read_bytes()[:-30])
    assert watch.plan().code == 1
    (watch.desk.path / "patients" / "p.yaml.age").write_bytes(KEYS.sealed(PATIENTS + "  - {: ["))
    assert watch.plan().code == 1


@pytest.mark.parametrize("script", ["sed -i s/QZMRN-1/QZMRN-8/", "sed -i s/dob/birth/", "false", "rm"])
def test_an_edited_text_is_left_nowhere(watch: Watch, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its private directory is searched too."""
    private = watch.place / "private"
    private.mkdir()
    monkeypatch.setattr(editor, "_place", lambda: (private, True))
    monkeypatch.setenv("EDITOR", script)
    file = watch.desk.path / "patients" / "p.yaml.age"
    watch.run("encrypt", "--config", str(watch.desk.path), "--edit", str(file))
    assert [*files_below(private)] == []
    assert [*private.iterdir()] == []


def test_a_file_is_encrypted_without_a_copy_of_its_plain_text(watch: Watch) -> None:
    plain = watch.desk.path / "more.yaml"
    watch.allowed.add(plain)
    plain.write_text(PATIENTS, encoding="utf-8")
    ran = watch.run("encrypt", "--config", str(watch.desk.path), str(plain), "--remove")
    assert ran.code == 0
    assert not plain.exists()


def test_the_search_finds_a_plain_text_that_is_left(watch: Watch) -> None:
    """The control."""
    left = Path(os.environ["TMPDIR"]) / "left"
    left.write_text(PATIENTS, encoding="utf-8")
    with pytest.raises(AssertionError, match="lastname of QZMRN-1"):
        watch.look_around()
