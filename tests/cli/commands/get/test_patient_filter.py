"""``get patients --undeclared``, ``--name``, ``--email``; ``get callback``, ``get qt-callback``."""

import json

import pytest

from kardia_ctl.planning.live.search import has_address, is_named
from kardia_ctl.sandbox.data.values import Hook, PatientFields
from tests.cli.conftest import Desk

FILTER = "kardia_ctl.cli.commands.get.patient_filter"


@pytest.fixture
def people(desk: Desk) -> Desk:
    for mrn, first, last in (("P-1", "Zoë", "Müller-Lüdenscheid"), ("P-2", "Anna Maria", "O'Vel")):
        desk.account.patients.add(PatientFields(mrn, "1961-04-30", f"{mrn}@Example.org", first, last))
    return desk


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{FILTER}.is_own_terminal", lambda _: True)


def mrns(out: str) -> list[str]:
    return [row["mrn"] for row in json.loads(out)]


def test_who_is_not_declared_is_listed(people: Desk) -> None:
    people.write("version: 1\npatients:\n  - {mrn: P-1, dob: 1961-04-30, email: p@example.org}\n")
    ran = people.run("get", "patients", "--undeclared", "--json", "--config", str(people.path))
    assert mrns(ran.out) == ["P-2"]
    assert ran.err == "Hidden: sex, dob, email, firstname, lastname; --show-phi shows them.\n"
    ran = people.run("get", "patients", "--undeclared", "--csv", "--config", str(people.path))
    assert [line.split(",")[1] for line in ran.out.splitlines()] == ["mrn", "P-2"]


def test_who_is_not_declared_needs_a_configuration_that_is_right(
    people: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(people.path.parent)
    assert "needs a configuration" in people.run("get", "patients", "--undeclared").err
    people.write("version: 1\npatients:\n  - {mrn: P-1}\n")
    ran = people.run("get", "patients", "--undeclared", "--config", str(people.path))
    assert ran.code == 1
    assert "email is missing" in ran.err
    assert ran.requests == []


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--name", "muller"), ["P-1"]),
        (("--name", "Mueller zoe"), ["P-1"]),
        (("--name", "lüd"), ["P-1"]),
        (("--name", "ANNA ovel"), ["P-2"]),
        (("--name", "nna"), []),
        (("--email", "p-2@EXAMPLE"), ["P-2"]),
        (("--email", "example.org", "--limit", "1"), ["P-2"]),
        (("--name", "anna", "--email", "P-1"), []),
    ],
)
def test_a_person_is_found_by_name_or_address(
    people: Desk, arguments: tuple[str, ...], found: list[str]
) -> None:
    ran = people.run("get", "patients", "--json", *arguments)
    assert mrns(ran.out) == found
    assert "Warning" not in ran.err


@pytest.mark.usefixtures("at_a_terminal")
def test_a_name_that_is_left_out_is_asked_for(people: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(f"{FILTER}.read_answer", lambda prompt: "müller" if prompt == "Name: " else "")
    assert mrns(people.run("get", "patients", "--json", "--name").out) == ["P-1"]
    assert "--email: the text is empty" in people.run("get", "patients", "--email").err


@pytest.mark.parametrize("option", ["--name", "--email"])
def test_elsewhere_nobody_is_looked_for(people: Desk, option: str) -> None:
    for more in ((), ("--show-phi",), ("--json",)):
        ran = people.run("get", "patients", option, "Mueller", *more)
        assert ran.code == 1
        assert ran.out == ""
        assert "It works on your own terminal alone" in ran.err
        assert "Mueller" not in ran.err
        assert ran.requests == []


@pytest.mark.usefixtures("at_a_terminal")
def test_a_search_writes_no_file(people: Desk) -> None:
    out = people.path / "found.csv"
    ran = people.run("get", "patients", "--name", "Mueller", "--out", str(out))
    assert "writes no file" in ran.err
    assert not out.exists()


def test_an_empty_text_finds_nobody() -> None:
    assert not is_named(" - ", "Zoë", "Vel")
    assert not has_address("", "a@example.com")


def test_callbacks_are_printed_without_their_query(people: Desk) -> None:
    assert people.run("get", "callback").err == "No callback URL is set.\n"
    people.account.settings.set_callback(Hook.CALLBACK, "https://hooks.example.com/k?token=secret")
    people.account.settings.set_callback(Hook.QT_CALLBACK, "https://hooks.example.com/qt")
    ran = people.run("get", "callback")
    assert ran.out == "https://hooks.example.com/k?(hidden)\n"
    assert ran.requests == ["GET /v1/callback"]
    assert people.run("get", "callback", "--show-phi").out == "https://hooks.example.com/k?token=secret\n"
    assert people.run("get", "qt-callback", "--json").out == '{"url":"https://hooks.example.com/qt"}\n'


def test_pro_has_no_qt_callback(people: Desk) -> None:
    ran = people.run("get", "qt-callback", "--dialect", "pro")
    assert ran.code == 1
    assert "the pro API has no QT callback URL" in ran.err


def test_status_counts_who_is_not_declared(people: Desk) -> None:
    people.write("version: 1\npatients:\n  - {mrn: P-1, dob: 1961-04-30, email: p@example.org}\n")
    assert "Not declared: 1 live patient." in people.run("status", str(people.path)).out
    ran = people.run("status", str(people.path), "--json")
    assert json.loads(ran.out)["undeclared"] == 1
