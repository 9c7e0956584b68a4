"""``kardia-ctl import --update``: drift that a person accepts, in the files that declare it."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kardia_ctl.cli.commands.importing import choosing
from kardia_ctl.model.errors import Interrupted
from kardia_ctl.sandbox.data.values import Hook
from tests.canary.desk import InnerDesk, Ran, inner_desk

URL: Final = "https://hooks.example.com/kardia"
FILES: Final = {
    "kardia.yaml": f"""# ours
version: 1
callback: {{url: {URL}}}  # events
qt_callback: {{url: "https://${{HOOKS}}/qt"}}
include: [patients/*.yaml]
cohorts:
  spring:
    {{source: spring.csv, delimiter: ';', columns: {{firstname: First name}}, defaults: {{lastname: Sample}}}}
  autumn: {{source: autumn.ndjson}}
""",
    "patients/a.yaml": """patients:
  # first
  - {mrn: Y-1, dob: 1970-02-03, email: y1@example.com, firstname: 'Ann'}   # of the ward
  - mrn: Y-2
    dob: 1971-02-03
    email: y2@example.com
    lastname: |-  # as on the card
      Sample
""",
    "spring.csv": (
        "mrn;First name;note;dob;email\r\n"
        'C-1;"Ann";"a;""b""\r\nc";1970-02-03;c1@example.com\r\n'
        "C-2;Eve;;1971-02-03;c2@example.com\r\n"
    ),
    "autumn.ndjson": '{"mrn": "N-1", "dob": "1970-02-03", "email": "n1@example.com", "sex": 1}\n',
}  # fmt: skip
MRNS: Final = ("Y-1", "Y-2", "C-1", "C-2", "N-1")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InnerDesk]:
    monkeypatch.setenv("HOOKS", "hooks.example.com")
    with inner_desk(tmp_path / "clinic", FILES["kardia.yaml"]) as opened:
        write(opened)
        assert opened.apply().code == 0
        yield opened


def write(desk: InnerDesk) -> None:
    (desk.path / "patients").mkdir(exist_ok=True)
    for name, text in FILES.items():
        (desk.path / name).write_bytes(text.encode())


def files(desk: InnerDesk) -> dict[str, str]:
    return {name: (desk.path / name).read_bytes().decode() for name in FILES}


def change(desk: InnerDesk, mrn: str, **values: str | int | None) -> None:
    """What a person changes in the vendor's application."""
    desk.account.patients.change(
        next(one.id for one in desk.account.patients.all() if one.mrn == mrn), **values
    )


def update(desk: InnerDesk, *options: str) -> Ran:
    return desk.run("import", str(desk.path), "--update", *options)


def accept(*mrns: str) -> list[str]:
    return [
        word
        for mrn in mrns
        for word in ("--accept", mrn if "/" in mrn or mrn == "callback" else f"patient/{mrn}")
    ]


def changed(**edits: tuple[str, str]) -> dict[str, str]:
    """The files with one text of each replaced by another."""
    names = {"main": "kardia.yaml", "yaml": "patients/a.yaml", "csv": "spring.csv", "json": "autumn.ndjson"}
    after = dict(FILES)
    for short, (old, new) in edits.items():
        assert FILES[names[short]].count(old) == 1
        after[names[short]] = FILES[names[short]].replace(old, new)
    return after


def test_what_drifted_is_taken_into_every_kind_of_file_and_a_plan_shows_none_of_it(desk: InnerDesk) -> None:
    change(desk, "Y-1", firstname="Anne-Zoë O'Hara")
    change(desk, "Y-2", lastname="No")
    change(desk, "C-1", firstname='Anna; née "Nan"')
    change(desk, "N-1", sex=2)
    desk.account.settings.set_callback(Hook.CALLBACK, f"{URL}/new?a=$b")
    ran = update(desk, *accept("Y-1", "Y-2", "C-1", "N-1", "callback"))
    assert (ran.code, ran.err) == (0, "")
    assert files(desk) == changed(
        main=(f"url: {URL}}}", f'url: "{URL}/new?a=$b"}}'),
        yaml=("'Ann'", "'Anne-Zoë O''Hara'"),
        csv=('"Ann"', '"Anna; née ""Nan"""'),
        json=('"sex": 1', '"sex": 2'),
    ) | {
        "patients/a.yaml": FILES["patients/a.yaml"]
        .replace("'Ann'", "'Anne-Zoë O''Hara'")
        .replace("|-  # as on the card\n      Sample", '"No"  # as on the card')
    }
    assert (
        ran.out.splitlines()[-1]
        == "Took 5 live values of 5 resources into the files; kardia-ctl plan shows the rest."
    )
    plan = desk.plan("--detailed-exitcode")
    assert plan.code == 0
    assert "changed outside" not in plan.out
    assert update(desk).out == "Nothing was taken into the files.\n"


values = st.sampled_from(
    ["Anna", "No", "null-Smith", "Zoë", "O'Hara", "Anne: Lee", "Łucja", "0x1F a", "Jean # Luc"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["Y-1", "C-1", "C-2"]), values, min_size=1), st.data())
def test_what_is_accepted_is_taken_and_nothing_else(
    desk: InnerDesk, live: dict[str, str], data: st.DataObject
) -> None:
    write(desk)
    for mrn, name in {"Y-1": "Ann", "C-1": "Ann", "C-2": "Eve", **live}.items():
        change(desk, mrn, firstname=name)
    taken = data.draw(st.sets(st.sampled_from(sorted(live))))
    if taken:
        assert update(desk, *accept(*sorted(taken))).code == 0
    after = files(desk)
    for name, before in FILES.items():
        lines = list(zip(before.split("\n"), after[name].split("\n"), strict=True))
        for old, new in lines:
            assert old == new or any(mrn in old for mrn in taken)
    drifted = {
        line.split()[1] for line in desk.plan().out.splitlines() if line.lstrip().startswith("~ patient/")
    }
    assert drifted == {f"patient/{mrn}" for mrn in live.keys() - taken}


# What is not taken


def refused(desk: InnerDesk, *options: str) -> str:
    before = files(desk)
    ran = update(desk, *options)
    assert ran.code == 1
    assert files(desk) == before
    assert set(desk.path.rglob(".*.yaml.*")) == set()
    return ran.err


@pytest.mark.parametrize(
    ("mrn", "values", "reason"),
    [
        ("C-1", {"lastname": "Live"}, "lastname stands in the defaults of the cohort spring"),
        ("Y-1", {"firstname": None}, "firstname was not taken: it is not set in Kardia"),
        ("Y-1", {"email": "nobody"}, "email was not taken: the live value would be refused: email"),
    ],
)  # fmt: skip
def test_what_no_file_can_have_is_refused_with_the_way_out(
    desk: InnerDesk, mrn: str, values: dict[str, str | None], reason: str
) -> None:
    change(desk, mrn, **values)
    assert reason in refused(desk, *accept(mrn))


def test_what_an_override_says_is_edited_there_and_not_in_its_row(desk: InnerDesk) -> None:
    text = FILES["kardia.yaml"].replace(
        "{source: spring.csv,", "{source: spring.csv, overrides: {C-2: {firstname: Evi, sex: 2}},"
    )
    (desk.path / "kardia.yaml").write_text(text)
    change(desk, "C-2", firstname="Eva", sex=1)
    assert update(desk, *accept("C-2")).code == 0
    after = text.replace("firstname: Evi, sex: 2", 'firstname: "Eva", sex: 1')
    assert files(desk) == FILES | {"kardia.yaml": after}
    change(desk, "C-2", email="eva@example.com")
    assert update(desk, *accept("C-2")).code == 0
    row = ("C-2;Eve;;1971-02-03;c2@example.com", "C-2;Eve;;1971-02-03;eva@example.com")
    assert files(desk) == changed(csv=row) | {"kardia.yaml": after}
    assert desk.plan("--detailed-exitcode").code == 0


def test_a_url_that_the_environment_fills_is_refused(desk: InnerDesk) -> None:
    desk.account.settings.set_callback(Hook.QT_CALLBACK, f"{URL}/other")
    assert "the declared url has ${…} in it, which the environment fills" in refused(
        desk, "--accept", "qt_callback"
    )


def test_what_can_be_taken_is_taken_beside_what_cannot(desk: InnerDesk) -> None:
    change(desk, "Y-1", firstname="Anna", email="nobody")
    change(desk, "Y-2", lastname="Live")
    ran = update(desk, *accept("Y-1", "Y-2"))
    assert ran.code == 1
    assert "email was not taken" in ran.err
    assert '"Live"  # as on the card' in files(desk)["patients/a.yaml"]


def test_what_the_configuration_changed_is_taken_only_by_name(
    desk: InnerDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.path / "patients" / "a.yaml"
    file.write_text(FILES["patients/a.yaml"].replace("'Ann'", "'Anna'"))
    ran = update(desk)
    assert (ran.code, ran.out) == (0, "Nothing was taken into the files.\n")
    assert "Not asked about, as live is not known to have changed there: patient/~" in ran.err
    assert update(desk, *accept("Y-1")).code == 0
    assert file.read_text() == FILES["patients/a.yaml"]
    change(desk, "Y-1", email="live@example.com")
    file.write_text(FILES["patients/a.yaml"].replace("'Ann'", "'Anna'"))
    assert update(desk, *accept("Y-1")).code == 0  # the drift alone: the name is what the file says
    assert "'Anna'" in file.read_text()
    assert '"live@example.com"' in file.read_text()


def test_what_a_decision_accepts_is_not_mentioned(desk: InnerDesk) -> None:
    file, main = desk.path / "patients" / "a.yaml", desk.path / "kardia.yaml"
    file.write_text(FILES["patients/a.yaml"].replace("'Ann'", "'Anna'"))
    day = (datetime.fromtimestamp(desk.clock(), UTC) + timedelta(days=9)).date()
    decided = f"{{address: patient/Y-1, decision: accept, reason: on purpose, until: {day}}}"
    main.write_text(FILES["kardia.yaml"] + f"decisions:\n  - {decided}\n")
    ran = update(desk)
    assert ran.code == 0
    assert "Not asked about" not in ran.err
    assert update(desk, *accept("Y-1")).code == 0
    assert file.read_text() == FILES["patients/a.yaml"]


@pytest.mark.parametrize("name", ["patient/Y-1", "patient/X-9", "callback"])
def test_an_address_that_does_not_differ_is_an_error(desk: InnerDesk, name: str) -> None:
    assert f"--accept {name}: it does not differ from live, or it is not declared" in refused(
        desk, "--accept", name
    )


def test_another_teams_key_takes_nothing(desk: InnerDesk) -> None:
    change(desk, "Y-1", firstname="Anna")
    (desk.path / "kardia.yaml").write_text(FILES["kardia.yaml"] + "team: another-team\n")
    ran = update(desk, *accept("Y-1"))
    assert ran.code == 1
    assert "nothing is taken into the files" in ran.err or "team" in ran.err
    assert files(desk)["patients/a.yaml"] == FILES["patients/a.yaml"]


def test_a_pseudonym_names_an_address_too(desk: InnerDesk) -> None:
    change(desk, "Y-1", firstname="Anna")
    shown = update(desk).err
    name = next(word.strip(".,") for word in shown.split() if word.startswith("patient/~"))
    assert update(desk, "--accept", name).code == 0
    assert "'Anna'" in files(desk)["patients/a.yaml"]


# Files appear whole or not at all


def test_modes_and_links_stay(desk: InnerDesk) -> None:
    file = desk.path / "patients" / "a.yaml"
    real = desk.path / "real.yaml"
    file.rename(real)
    file.symlink_to(real)
    real.chmod(0o640)
    change(desk, "Y-1", firstname="Anna")
    assert update(desk, *accept("Y-1")).code == 0
    assert file.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "'Anna'" in real.read_text()


def test_a_file_that_changes_before_it_is_replaced_stays(
    desk: InnerDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(desk, "Y-1", firstname="Anna")
    change(desk, "C-1", firstname="Anna")
    file, replace = desk.path / "spring.csv", os.fsync

    def meanwhile(descriptor: int) -> None:
        file.write_bytes(FILES["spring.csv"].encode() + b"C-3;Bo;;1970-02-03;c3@example.com\r\n")
        replace(descriptor)

    monkeypatch.setattr("kardia_ctl.cli.files.replaced_files.os.fsync", meanwhile)
    ran = update(desk, *accept("Y-1", "C-1"))
    assert ran.code == 1
    assert "spring.csv changed since it was read, so it was not replaced. Run the command again" in ran.err
    assert files(desk)["patients/a.yaml"] == FILES["patients/a.yaml"]
    assert "C-3" in files(desk)["spring.csv"]


def test_a_directory_that_cannot_be_written_changes_nothing(
    desk: InnerDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(desk, "Y-1", firstname="Anna")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kardia_ctl.cli.files.replaced_files.os.fsync", full)
    assert "No space left on device. Nothing was written." in refused(desk, *accept("Y-1"))
    assert {path.name for path in (desk.path / "patients").iterdir()} == {"a.yaml"}


# A patch


def test_a_patch_writes_nothing_and_git_applies_it(desk: InnerDesk, tmp_path: Path) -> None:
    change(desk, "Y-1", firstname="Anna")
    change(desk, "C-1", firstname="Anna")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    patch = tmp_path / "of.patch"
    ran = update(desk, *accept("Y-1", "C-1"), "--patch", str(patch))
    assert (ran.code, files(desk)) == (0, FILES)
    assert stat.S_IMODE(patch.stat().st_mode) == 0o600
    assert ran.out.endswith(f"into {patch}; git apply {patch} writes them.\n")
    subprocess.run(["git", "apply", "--whitespace=nowarn", str(patch)], cwd=desk.path, check=True)
    assert files(desk) == changed(yaml=("'Ann'", "'Anna'"), csv=('"Ann"', '"Anna"'))
    (tmp_path / "mine").write_text("mine")
    assert update(desk, *accept("C-1"), "--patch", str(tmp_path / "mine")).code == 1


def test_a_patch_on_a_pipe_needs_show_phi(desk: InnerDesk) -> None:
    change(desk, "Y-1", firstname="Annabel")
    assert "a patch has patients' values" in refused(desk, *accept("Y-1"), "--patch", "-")
    for stream in ("/dev/stdout", "/dev/stderr", "/dev/fd/1"):
        told = refused(desk, *accept("Y-1"), "--patch", stream)
        assert f"--patch {stream} is an output of this command" in told
    ran = update(desk, *accept("Y-1"), "--patch", "-", "--show-phi")
    assert ran.out.startswith("diff --git a/patients/a.yaml b/patients/a.yaml\n")
    assert (
        "+  - {mrn: Y-1, dob: 1970-02-03, email: y1@example.com, firstname: 'Annabel'}   # of the ward\n"
        in ran.out
    )


# Who is asked


def test_without_a_terminal_the_error_names_accept_and_shows_no_value(desk: InnerDesk) -> None:
    change(desk, "Y-1", firstname="Annabel")
    reason = refused(desk)
    assert (
        "there is no terminal to ask on. Name what to take: --accept ADDRESS, once for each. 1 resource "
        "drifted: patient/~" in reason
    )
    assert not {"Annabel", "Y-1"} & set(reason.replace("/", " ").split())


@pytest.mark.parametrize(
    ("answers", "taken"),
    [
        (["y", "n", "y"], ["C-1", "Y-1"]),
        (["a"], ["C-1", "C-2", "Y-1"]),
        (["n", "all"], ["C-2", "Y-1"]),
        (["yes", "q"], ["C-1"]),
        (["what?", "", "n", "quit"], []),
    ],
)
def test_each_address_is_asked_about(
    desk: InnerDesk, monkeypatch: pytest.MonkeyPatch, answers: list[str], taken: list[str]
) -> None:
    for mrn in ("Y-1", "C-1", "C-2"):
        change(desk, mrn, firstname="Annabel")
    given_answers = iter(answers)
    monkeypatch.setattr(choosing, "is_own_terminal", lambda _: True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(choosing, "read_answer", lambda _: next(given_answers))
    ran = update(desk)
    assert ran.code == 0
    assert '  ~ firstname = "Ann" -> "Annabel"' in ran.err
    assert next(given_answers, None) is None
    after = "".join(files(desk).values())
    assert after.count("Annabel") == len(taken)


def test_an_interrupted_question_takes_nothing(desk: InnerDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    for mrn in ("Y-1", "C-1"):
        change(desk, mrn, firstname="Annabel")
    answers = iter(["y"])

    def read(_: str) -> str:
        for answer in answers:
            return answer
        raise Interrupted

    monkeypatch.setattr(choosing, "is_own_terminal", lambda _: True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(choosing, "read_answer", read)
    assert "interrupted" in refused(desk)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--update", "--adopt"], "--adopt is not for --update, which adds nothing"),
        (["--update", "--split", "5"], "--split is not for --update"),
        (["--update", "--sanitize"], "--sanitize is not for --update"),
        (["--accept", "callback"], "--accept is for --update"),
        (["--patch", "x.patch"], "--patch is for --update"),
    ],
)
def test_options_of_an_import_and_of_an_update_are_not_mixed(
    desk: InnerDesk, options: list[str], reason: str
) -> None:
    ran = desk.run("import", str(desk.path), *options)
    assert ran.code == 1
    assert reason in ran.err


def test_an_update_sends_safe_reads_alone_and_writes_no_state(desk: InnerDesk) -> None:
    change(desk, "Y-1", firstname="Anna")
    before, sent = desk.state.read_bytes(), desk.sent("POST") + desk.sent("PUT") + desk.sent("DELETE")
    assert update(desk, *accept("Y-1")).code == 0
    assert desk.state.read_bytes() == before
    assert desk.sent("POST") + desk.sent("PUT") + desk.sent("DELETE") == sent
    assert json.loads(desk.run("plan", str(desk.path), "--json").out.splitlines()[0])["type"] == "version"
