"""What an import finds stands in the files that it writes, and nowhere else; an invented twin has none."""

import re
from collections.abc import Iterator

import pytest

from kardia_ctl.sandbox.control.given_account import FILE
from tests.canary.desk import in_memory
from tests.canary.test_commands import ANSWERS, crash
from tests.canary.watch import THEIRS, Watch, fields, watched

TWINS = "QZMRN-7"


@pytest.fixture
def watch() -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        account = opened.desk.account
        account.patients.add(fields(THEIRS, "QZMRN-4"))
        account.patients.add(fields(THEIRS, TWINS))
        account.patients.add(fields(THEIRS, TWINS))
        account.patients.change(account.patients.add(fields(THEIRS, "QZMRN-8")), email=THEIRS.lastname)
        account.patients.change(account.patients.add(fields(THEIRS, "QZMRN-9")), firstname="=qzfirst4")
        yield opened


@pytest.mark.parametrize(
    "arguments", [("--split", "1"), ("--format", "csv"), ("--adopt",), ("--format", "csv", "--adopt")]
)
def test_values_stand_in_the_imported_files_alone(watch: Watch, arguments: tuple[str, ...]) -> None:
    folder = watch.desk.path / ("cohorts" if "csv" in arguments else "patients")
    names = ("imported", "imported-1", "imported-2", "imported-3")
    watch.allowed |= {folder / f"{name}.{form}" for name in names for form in ("yaml", "csv")}
    ran = watch.run("import", str(watch.desk.path), *arguments)
    assert ran.code == 0, ran.told
    assert all(mrn not in ran.told for mrn in ("QZMRN-4", TWINS, "QZMRN-8"))
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    assert watch.scanner.hits(written)
    ran = watch.run("import", str(watch.desk.path))
    assert "Nothing to import" in ran.out
    watch.plan()
    watch.run("status", str(watch.desk.path))


@pytest.mark.parametrize("where", ["cli.files.imported_files.csv_rows", "cli.files.new_files.os.fsync"])
def test_an_import_that_fails_midway_leaves_no_value_behind(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    watch.allowed.add(watch.desk.path / "cohorts" / "imported.csv")
    monkeypatch.setattr(f"kardia_ctl.{where}", crash)
    ran = watch.run("import", str(watch.desk.path), "--format", "csv")
    assert ran.code == 1
    assert not (watch.desk.path / "cohorts").exists()


@pytest.mark.parametrize("how", ANSWERS)
def test_no_answer_of_the_server_is_repeated_with_values(watch: Watch, how: str) -> None:
    watch.wire.answer = ANSWERS[how]
    watch.allowed |= {watch.desk.path / "patients" / "imported.yaml", watch.desk.path / "twin" / FILE}
    for more in ((), ("--sanitize",)):
        ran = watch.run("import", str(watch.desk.path), *more)
        assert "Internal error" not in ran.err


def test_a_twin_has_no_value_of_anybody(watch: Watch) -> None:
    ran = watch.run("import", str(watch.desk.path), "--sanitize")
    assert ran.code == 0, ran.told
    text = (watch.desk.path / "twin" / FILE).read_text(encoding="utf-8")
    assert text.count("\n") == 1 + len(watch.desk.account.patients.all())
    assert all(mrn not in text for mrn in ("QZMRN-4", TWINS, "QZMRN-8", "QZMRN-9"))
    assert all(patient.id not in text for patient in watch.desk.account.patients.all())


def test_who_is_not_declared_is_listed_without_values(watch: Watch) -> None:
    ran = watch.run("get", "patients", "--undeclared", "--config", str(watch.desk.path))
    assert ran.code == 0
    assert re.search(r"  ~\w{10}  none", ran.out)
    for option in ("--name", "--email"):
        ran = watch.run("get", "patients", option, THEIRS.lastname, "--show-phi")
        assert ran.code == 1
    for name in ("callback", "qt-callback"):
        assert watch.run("get", name).code == 0
