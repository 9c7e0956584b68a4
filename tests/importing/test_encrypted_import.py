"""An import is written for the recipients that are declared, and read as the plain one would be."""

from collections.abc import Iterator

import pytest

from kardia_ctl.sandbox.data.values import PatientFields
from tests.canary.desk import InnerDesk, inner_desk
from tests.config.encryption.sealing import OURS

ODD = ("0012345", "1e5", "-0042", "No", "a#b", "12:30")


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[InnerDesk]:
    main = f"version: 1\nrecipients: [{OURS.recipient}]\n"
    with inner_desk(tmp_path_factory.mktemp("import") / "clinic", main) as opened:
        for mrn in ODD:
            email = f"zor.{len(mrn)}@example.com"
            opened.account.patients.add(PatientFields(mrn, "1961-04-30", email, "Zor", "Quist", 0))
        monkeypatch.setenv("KARDIA_AGE_IDENTITY", OURS.identity)
        yield opened


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ((), {"patients/imported.yaml.age"}),
        (("--split", "2"), {f"patients/imported-{number}.yaml.age" for number in (1, 2, 3)}),
        (("--format", "csv", "--cohort", "old"), {"cohorts/old.csv.age"}),
    ],
    ids=["one file", "several", "cohort"],
)
def test_every_file_is_encrypted_and_a_plan_adopts_everybody(
    words: tuple[str, ...], files: set[str], desk: InnerDesk
) -> None:
    ran = desk.run("import", str(desk.path), *words)
    assert ran.code == 0, ran.told
    written = {path.relative_to(desk.path).as_posix() for path in desk.path.rglob("*.age")}
    assert written >= files
    for path in desk.path.rglob("*"):
        if path.is_file() and ".kardia" not in path.parts:
            assert b"Quist" not in path.read_bytes()
            assert path.name == "kardia.yaml" or b"Quist" in OURS.opened(path.read_bytes())
    plan = desk.plan()
    assert plan.code == 0, plan.told
    assert f"{len(ODD)} to import, " in plan.out
    assert desk.run("import", str(desk.path)).out.startswith("Nothing to import")


def test_ids_are_recorded_at_once_from_the_encrypted_files(desk: InnerDesk) -> None:
    assert desk.run("import", str(desk.path), "--adopt").code == 0
    assert (
        f"No changes. Your infrastructure matches the configuration. {len(ODD)} resources are as declared."
        in desk.plan().out
    )


def test_without_the_library_nothing_is_written(desk: InnerDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyrage", None)
    ran = desk.run("import", str(desk.path))
    assert ran.code == 1
    assert "pip install 'kardia-ctl[age]'" in ran.err
    assert [path.name for path in desk.path.iterdir() if path.name != ".kardia"] == ["kardia.yaml"]
