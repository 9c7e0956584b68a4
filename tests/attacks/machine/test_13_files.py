"""Files: an output overwrites nothing that is not its own, and an input that moves is not read."""

import csv
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kardia_ctl.cli import outputs, private_files
from kardia_ctl.cli.files import existing_codes
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.config import load, source_files
from kardia_ctl.config.cohorts.formats import blocks
from kardia_ctl.model.errors import ConfigurationError, RunStopped
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, account, desk

__all__ = ["account", "desk"]

HEADER = "mrn,code,template,issued,status\n"
NAMES = "a@example.com,Ann,Lee"
ROWS = f"mrn,dob,email,firstname,lastname\nA-1,1980-02-03,{NAMES}\nA-2,1981-02-03,{NAMES}\n"


@pytest.fixture
def clinic(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A clinic with an include, a cohort, a state and a key, in the current directory."""
    (desk.path / "kardia.yaml").write_text(
        "version: 1\ntemplates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}\n"
        "include: [more.yaml]\ncohorts: {c: {source: c.csv}}\n"
    )
    (desk.path / "more.yaml").write_text("patients: []\n")
    (desk.path / "c.csv").write_text(ROWS)
    monkeypatch.chdir(desk.path)
    assert desk.apply().code == 0
    Path("api.key").write_text(os.environ["KARDIA_API_KEY"])
    return desk


def _all(path: Path) -> dict[str, bytes]:
    return {
        str(file): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and ".lock" not in file.name
    }


COMMANDS = {
    "codes-out": ("apply", "--auto-approve", "--codes-out"),
    "results": ("apply", "--auto-approve", "--results"),
    "plan": ("plan", "--out"),
    "html": ("status", "--html"),
    "codes": ("codes", "--auto-approve", "--codes-out"),
    "list": ("get", "patients", "--csv", "--out"),
    "json list": ("get", "patients", "--json", "--out"),
    "patient": ("get", "patient", "A-1", "--out"),
    "report": ("get", "report", "A-1", "--out"),
    "api": ("api", "GET", "/v1/patients", "--out"),
    "rotate-key": ("rotate-key", "--auto-approve", "--out"),
}
TARGETS = {
    "kardia.yaml": "kardia.yaml",
    "an include": "./more.yaml",
    "a cohort": "../clinic/c.csv",
    "the state": ".kardia/state.db",
    "its journal": ".kardia/state.db-wal",
    "the key": ".kardia/key",
    "a new name among keys": ".kardia/new",
    "the API key": "api.key",
    "a link to a cohort": "link.csv",
    "a hard link to an include": "hard.yaml",
    "somebody's notes": "notes.txt",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_output_overwrites_what_is_not_its_own(clinic: Desk, command: tuple[str, ...]) -> None:
    Path("link.csv").symlink_to("c.csv")
    os.link("more.yaml", "hard.yaml")
    Path("notes.txt").write_text("ring Mrs Example on Monday")
    clinic.edit(lambda text: text + f"A-3,1982-02-03,{NAMES}\n", "c.csv")
    before = _all(clinic.path)
    for what, target in TARGETS.items():
        ran = clinic.run(
            *command, target, *(("--api-key-file", "api.key") if command[0] != "rotate-key" else ())
        )
        assert (ran.code, ran.requests) == (1, []), f"{what}: {ran.err}"
        assert "Traceback" not in ran.err
        assert _all(clinic.path) == before, what


def test_an_output_may_replace_what_the_same_option_wrote(clinic: Desk, tmp_path: Path) -> None:
    for day in ("1982-02-03", "1983-02-03"):
        clinic.edit(lambda text, day=day: f"{text}B-{day},{day},{NAMES}\n", "c.csv")  # type: ignore[misc]
        assert clinic.run("plan", "--out", "a.plan").code == 0
        assert clinic.run("apply", "--auto-approve", "--results", "r.csv").code == 0
        assert clinic.run("apply", "--auto-approve", "--results", "r.ndjson").code == 0
        assert clinic.run("status", "--html", "page.html").code == 0
        for form in ("--csv", "--json"):
            assert clinic.run("get", "patients", form, "--out", f"list{form}").code == 0
        assert clinic.run("get", "patients", "--out", "list.txt").code == 0
        assert clinic.run("schema", ".").code == 0
    assert Path("r.csv").read_text().count("\n") == 2
    Path("empty").touch()
    assert clinic.run("apply", "--auto-approve", "--results", "empty").code == 0


def test_links_lead_to_their_targets(clinic: Desk, tmp_path: Path) -> None:
    dangling = clinic.path / "later.csv"
    dangling.symlink_to(tmp_path / "target.csv")
    assert clinic.run("apply", "--auto-approve", "--results", "later.csv").code == 0
    assert dangling.is_symlink()
    assert (tmp_path / "target.csv").read_text().startswith("address,action")
    Path("circle").symlink_to("circle")
    ran = clinic.run("apply", "--auto-approve", "--results", "circle")
    assert (ran.code, ran.requests, "Traceback" in ran.err) == (1, [], False)


@pytest.mark.parametrize("other", ["x.csv", "./x.csv", "link.csv", "X.CSV"])
def test_two_outputs_in_one_file_are_refused(clinic: Desk, other: str) -> None:
    Path("link.csv").symlink_to("x.csv")
    ran = clinic.run("apply", "--auto-approve", "--codes-out", "x.csv", "--results", other)
    assert (ran.code, ran.requests) == (1, [])
    assert "name the same file" in ran.err
    assert not Path("x.csv").exists()


def test_a_saved_plan_is_not_overwritten_by_its_own_results(clinic: Desk) -> None:
    clinic.edit(lambda text: text + f"A-3,1982-02-03,{NAMES}\n", "c.csv")
    assert clinic.run("plan", "--out", "a.plan").code == 0
    before = Path("a.plan").read_bytes()
    for option in ("--results", "--codes-out"):
        ran = clinic.run("apply", "a.plan", option, "a.plan")
        assert (ran.code, ran.requests, Path("a.plan").read_bytes()) == (1, [], before)


@pytest.mark.parametrize(
    ("text", "torn"),
    [
        ("dear diary", False),
        ("one\ntwo", False),
        ("mrn,name\nA-1,Ann", False),
        (HEADER + "remember to phone A-1", False),
        (HEADER + "A-1,AB12,one-year,2026-01-01T00:00:00Z,pending\nsee: the other file, page 2", False),
        (HEADER + "A-1,AB12,one-year,2026-01-01T00:00:00Z,pending\nA-2,CD34,one-y", True),
        (HEADER + 'A-1,AB12,one-year,2026-01-01T00:00:00Z,pending\n"A,2', False),
        (HEADER[:12], True),
    ],
)
def test_a_last_line_is_removed_only_if_it_is_part_of_ours(clinic: Desk, text: str, torn: bool) -> None:
    Path("codes.csv").write_text(text)
    ran = clinic.run("apply", "--auto-approve", "--codes-out", "codes.csv")
    assert "Traceback" not in ran.err
    if torn:
        assert ran.code == 0
    else:
        assert (ran.code, ran.requests, Path("codes.csv").read_text()) == (1, [], text)


@pytest.mark.parametrize("name", ["notes.txt", ".kardia/state.db", "other.db"])
@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("serve", "--reset"), ("seed",)])
def test_a_sandbox_takes_no_other_database(clinic: Desk, name: str, words: tuple[str, ...]) -> None:
    Path("notes.txt").write_text("ring Mrs Example on Monday")
    with sqlite3.connect("other.db") as connection:
        connection.execute("CREATE TABLE visits (day TEXT)")
    connection.close()
    before = Path(name).read_bytes()
    ran = clinic.run("sandbox", *words, "--database", name)
    assert (ran.code, Path(name).read_bytes()) == (1, before)
    assert "--database" in ran.err


def test_init_writes_through_no_link(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "kardia.yaml").symlink_to(tmp_path / "elsewhere")
    assert desk.run("init", str(tmp_path / "new")).code == 1
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"

    def write() -> None:
        with private_files.private_file(file, outputs.never) as opened:
            opened.write(b"ours")
            file.write_text("theirs")

    with pytest.raises(RunStopped, match="not replaced"):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]
    assert file.read_text() == "theirs"


def test_what_sandbox_creates_first_is_private(tmp_path: Path, desk: Desk) -> None:
    assert desk.run("init", str(tmp_path / "new")).code == 0
    assert desk.run("plan", str(tmp_path / "new"), "--sandbox").code == 0
    assert (tmp_path / "new" / ".kardia").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["c.csv", "c.tsv", "c.ndjson"])
def test_a_last_line_without_an_end_is_warned_of(tmp_path: Path, name: str) -> None:
    rows = {"c.csv": ROWS, "c.tsv": ROWS.replace(",", "\t")}.get(
        name,
        "".join(
            json.dumps(dict(zip(ROWS.splitlines()[0].split(","), row, strict=True))) + "\n"
            for row in csv.reader(ROWS.splitlines()[1:])
        ),
    )
    (tmp_path / "kardia.yaml").write_text(f"version: 1\ncohorts: {{c: {{source: {name}}}}}\n")
    (tmp_path / name).write_text(rows)
    assert not load(tmp_path, {}).warnings
    (tmp_path / name).write_text(rows.removesuffix("\n"))
    (warning,) = load(tmp_path, {}).warnings
    assert f"{name}:{rows.count(chr(10))}" in warning
    assert "no line end" in warning


CHANGES: dict[str, Callable[[Path], object]] = {
    "a comment is added": lambda file: file.write_text(file.read_text() + "# more\n"),
    "it is cut": lambda file: os.truncate(file, 10),
    "it is replaced": lambda file: (
        file.with_suffix(".new").write_text(file.read_text()),
        file.with_suffix(".new").replace(file),
    ),
    "it is removed": lambda file: file.unlink(),
}


@pytest.mark.parametrize("name", ["kardia.yaml", "more.yaml", "c.csv"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_changed_while_the_configuration_was_read_is_refused(
    tmp_path: Path, name: str, change: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file changes while the last of them is read."""
    _changing(tmp_path, name, change, monkeypatch)
    with pytest.raises(ConfigurationError, match="changed while it was being read"):
        load(tmp_path, {})


def _changing(
    path: Path, name: str, change: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    (path / "kardia.yaml").write_text("version: 1\ninclude: [more.yaml]\ncohorts: {c: {source: c.csv}}\n")
    (path / "more.yaml").write_text("patients: []\n")
    (path / "c.csv").write_text(ROWS)
    changes = [change]

    def then_change(data: bytes) -> str:
        while changes:  # once: a file that grows whenever it is read has no end
            changes.pop()(path / name)
        return source_files.decoded(data)

    monkeypatch.setattr(blocks, "decoded", then_change)


def test_bad_rows_are_listed_beside_an_error_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "kardia.yaml").write_text(
        "version: 1\ncohorts: {c: {source: c.csv, on_bad_row: quarantine}}\nlimits: {create: never}\n"
    )
    (tmp_path / "c.csv").write_text(ROWS + f"A-3,yesterday,{NAMES}\n")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    lines = [(Path(problem.source.file).name, problem.source.line) for problem in caught.value.problems]
    assert lines == [("kardia.yaml", 3), ("c.csv", 4)]


def test_without_the_inodes_a_link_overwrites_a_cohort(clinic: Desk) -> None:
    """The mutant of the comparison by inode."""
    assert clinic.run("get", "patients", "--csv", "--out", "own.csv").code == 0
    clinic.edit(lambda text: text.replace("source: c.csv", "source: own.csv"))
    before = Path("own.csv").read_text()
    os.link("own.csv", "copy.csv")
    assert clinic.run("get", "patients", "--csv", "--out", "copy.csv").code == 1
    with removed(outputs, "same_file", lambda one, other: one == other):
        assert clinic.run("get", "patients", "--csv", "--out", "copy.csv").code == 0
    assert Path("own.csv").read_text() == before


def test_without_the_proof_a_foreign_last_line_is_lost(clinic: Desk) -> None:
    """The mutant of the torn line."""
    Path("notes.txt").write_text("ring Mrs Example on Monday")
    with removed(existing_codes, "_is_torn", lambda *_: True):
        assert clinic.run("apply", "--auto-approve", "--codes-out", "notes.txt").code == 0
    assert Path("notes.txt").read_text() == ""


def test_without_the_second_look_a_file_is_replaced(tmp_path: Path) -> None:
    """The mutant of the check at the moment of writing."""
    file = tmp_path / "r.csv"
    file.write_text("theirs")
    with removed(private_files, "_move", lambda new, to, _: new.replace(to)):
        write_private(file, b"ours", outputs.never)
    assert file.read_text() == "ours"


def test_without_stamps_a_changed_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant of the stamps."""
    _changing(tmp_path, "more.yaml", CHANGES["a comment is added"], monkeypatch)
    with removed(source_files.FileStamp, "__eq__", lambda *_: True):
        assert len(load(tmp_path, {}).desired.patients) == 2
