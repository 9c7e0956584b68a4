"""``plan --refresh head`` and ``off``: what they read, what they say, and that apply never relies on them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kardia_ctl.sandbox.data.values import Hook, PatientFields
from tests.cli.conftest import Desk

LIST, ONE = "GET /v1/patients", "GET /v1/patients/{id}"
HOOKS = ["GET /v1/callback", "GET /v1/qtCallback"]
TEMPLATES = "GET /v1/teamConnectionTemplate"
PAGES = [LIST] * 2
COUNT = 620

KARDIA = """version: 1
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}
callback: {url: https://hooks.example.com/kardia}
qt_callback: {url: https://hooks.example.com/kardia-qt}
cohorts:
  all: {source: all.csv}
"""
HEADER = "mrn,dob,email,firstname,lastname,sex,codes\n"
NEW = "NEW-1,1990-01-02,new1@example.com,Ada,Newcome,2,one-year\n"


def row(mrn: str, firstname: str = "") -> str:
    return f"{mrn},1990-01-02,{mrn.lower()}@example.com,{firstname},,,\n"


@pytest.fixture
def large(desk: Desk) -> Desk:
    """An account of two pages, all of it declared and adopted."""
    desk.account.patients.seed(COUNT, 3)
    rows = [
        f"{one.mrn},{one.dob},{one.email},{one.firstname},{one.lastname},{one.sex},\n"
        for one in desk.account.patients.all()
    ]
    desk.write(HEADER + "".join(rows), "all.csv")
    desk.write(KARDIA)
    assert desk.apply().code == 0
    return desk


def declare(desk: Desk, text: str) -> None:
    desk.edit(lambda before: before + text, "all.csv")


def undeclare(desk: Desk, mrn: str) -> None:
    lines = (desk.path / "all.csv").read_text().splitlines(keepends=True)
    desk.write("".join(line for line in lines if not line.startswith(mrn)), "all.csv")


def oldest(desk: Desk) -> str:
    """The id of somebody who is far below the first page."""
    return min(desk.account.patients.all(), key=lambda one: (one.created_at, one.id)).id


def head(desk: Desk, *arguments: str) -> tuple[int, list[str], str]:
    ran = desk.plan("--refresh", "head", "--detailed-exitcode", *arguments)
    return ran.code, ran.requests, ran.out


def test_a_plan_from_the_head_reads_one_page_and_says_what_it_does_not_know(large: Desk) -> None:
    code, requests, out = head(large)
    assert (code, requests) == (0, [LIST, *HOOKS])
    assert "--refresh head: the first page of the list was read" in out
    assert "not looked for: drift" in out
    assert "No changes" not in out
    assert "Plan: 0 to add, 0 to change, 0 to destroy. 622 resources as state has them." in out
    assert "apply sends 4 (4 reads, 0 writes)" in out


def test_json_says_it_too(large: Desk, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in head(large, "--json")[2].splitlines()]
    texts = [line["@message"] for line in lines]
    assert any("not looked for: drift" in text for text in texts)
    head(large, "--out", str(tmp_path / "p.plan"))
    document = json.loads(large.run("show", "--json", str(tmp_path / "p.plan")).out)
    assert document["kardia_ctl"]["refresh"] == "head"
    assert [one["kind"] for one in document["kardia_ctl"]["notices"]] == ["refresh", "refresh"]


def test_one_new_patient_takes_one_page_and_the_templates(large: Desk) -> None:
    declare(large, NEW)
    code, requests, out = head(large)
    assert (code, requests) == (2, [LIST, *HOOKS, TEMPLATES])
    assert "patient/NEW-1 will be created" in out
    assert "its mrn was not looked for in the whole list: apply does that before it creates anybody" in out
    assert "not proven: that the mrn of 1 patient is new" in out


def test_apply_reads_everything_before_it_creates(large: Desk) -> None:
    """The new one exists already, deep in the list, under an mrn that was corrected in the portal."""
    patient = next(one for one in large.account.patients.all() if one.id == oldest(large))
    undeclare(large, patient.mrn)
    assert large.apply().code == 0  # forgotten
    declare(large, NEW.replace("NEW-1", patient.mrn).replace("one-year", ""))
    ran = large.apply()
    assert [one for one in ran.requests if one == LIST] == PAGES
    assert "POST /v1/patients" not in ran.requests


Happening = Callable[[Desk], object]


def leaves(desk: Desk) -> None:
    desk.account.patients.remove(oldest(desk))


def comes(desk: Desk) -> None:
    desk.account.patients.add(PatientFields("OTHER", "1970-01-01", "other@example.com"))


def twin_comes(desk: Desk) -> None:
    mrn = next(one.mrn for one in desk.account.patients.all() if one.id == oldest(desk))
    desk.account.patients.add(PatientFields(mrn, "1970-01-01", "other@example.com"))


def one_leaves_and_one_comes(desk: Desk) -> None:
    leaves(desk)
    comes(desk)


def many_come(desk: Desk) -> None:
    for number in range(251):
        desk.account.patients.add(PatientFields(f"O-{number}", "1970-01-01", "other@example.com"))


@pytest.mark.parametrize("happens", [leaves, one_leaves_and_one_comes])
def test_who_leaves_is_seen_by_the_count_and_everything_is_read(large: Desk, happens: Happening) -> None:
    happens(large)
    code, requests, out = head(large)
    assert (code, requests) == (3, [LIST, *PAGES, ONE, *HOOKS, TEMPLATES])
    assert "no longer exists in Kardia" in " ".join(out.split())
    assert "--refresh head: everything was read all the same, because the count of the list" in out


def test_who_comes_undeclared_changes_nothing(large: Desk) -> None:
    comes(large)
    assert head(large)[:2] == (0, [LIST, *HOOKS])


def test_a_twin_who_comes_is_seen(large: Desk) -> None:
    twin_comes(large)
    code, requests, out = head(large)
    assert (code, requests) == (0, [LIST, *HOOKS])
    assert "other live patients have the same mrn" in out


def test_more_newcomers_than_half_a_page_holds_are_read_through(large: Desk) -> None:
    many_come(large)
    code, requests, out = head(large)
    assert (code, requests) == (0, [LIST, *PAGES, *HOOKS])
    assert "do not stand on the first page as they did" in out
    assert "No changes." in out


def test_who_was_edited_is_read_by_id(large: Desk) -> None:
    patient = next(one for one in large.account.patients.all() if one.id == oldest(large))
    large.edit(lambda text: text.replace(patient.email, "edited@example.com"), "all.csv")
    code, requests, out = head(large)
    assert (code, requests) == (3, [LIST, ONE, *HOOKS])
    assert f"patient/{patient.mrn} is blocked: email differs from live" in out
    assert "and 1 patient by id" in out


def test_whoever_apply_created_is_known_to_the_next_plan_from_the_head(large: Desk) -> None:
    declare(large, "".join(row(f"NEW-{number}") for number in range(3)))
    assert large.apply().code == 0
    assert head(large)[:2] == (0, [LIST, *HOOKS])
    created = next(one for one in large.account.patients.all() if one.mrn == "NEW-1")
    large.account.patients.remove(created.id)
    code, requests, out = head(large)
    assert (code, requests) == (3, [LIST, *PAGES, ONE, *HOOKS, TEMPLATES])
    assert "patient/NEW-1 is blocked" in out


def test_an_account_that_was_onboarded_at_once_needs_no_other_apply(desk: Desk) -> None:
    desk.write(HEADER + "".join(row(f"P-{number}") for number in range(620)), "all.csv")
    desk.write(KARDIA)
    assert desk.apply().code == 0
    assert head(desk)[:2] == (0, [LIST, *HOOKS])


def test_a_new_state_reads_everything(large: Desk) -> None:
    large.lose_state()
    code, requests, out = head(large)
    assert (code, requests[:2]) == (0, PAGES)
    assert "state keeps no proven scan" in out


def test_a_list_of_one_page_is_read_as_by_a_full_plan(desk: Desk) -> None:
    assert desk.apply().code == 0
    code, requests, out = head(desk)
    assert (code, requests) == (0, [LIST, *HOOKS])
    assert "No changes." in out
    assert "because all of the list was one page" in out


def test_off_sends_nothing_and_needs_no_key(large: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves(large)
    monkeypatch.delenv("KARDIA_API_KEY")
    ran = large.plan("--refresh", "off", "--detailed-exitcode")
    assert (ran.code, ran.requests) == (0, [])
    assert "No changes" not in ran.out
    assert "Plan: 0 to add, 0 to change, 0 to destroy. 622 resources as state has them." in ran.out
    assert "not known: whether a patient is live, live twice, changed or connected" in ran.out


def test_off_compares_the_declaration_with_state(large: Desk) -> None:
    declare(large, NEW)
    patient = next(one for one in large.account.patients.all() if one.id == oldest(large))
    large.edit(lambda text: text.replace(patient.email, "edited@example.com"), "all.csv")
    large.edit(lambda text: text.replace("/kardia}", "/elsewhere}"))
    ran = large.plan("--refresh", "off")
    assert (ran.code, ran.requests) == (1, [])
    assert "patient/NEW-1 will be created" in ran.out
    assert "connection_code/NEW-1/one-year will be created" in ran.out
    assert f"patient/{patient.mrn} is blocked: email differs from what was last applied" in ran.out
    assert "url differs from what was last applied" in ran.out
    assert patient.email not in ran.out


def test_a_plan_that_read_nothing_is_not_saved(large: Desk, tmp_path: Path) -> None:
    ran = large.plan("--refresh", "off", "--out", str(tmp_path / "p.plan"))
    assert (ran.code, ran.requests) == (1, [])
    assert "--out needs a plan that has read the account" in ran.err
    assert not (tmp_path / "p.plan").exists()


def test_a_plan_saved_from_the_head_is_applied_when_everything_says_the_same(
    large: Desk, tmp_path: Path
) -> None:
    declare(large, NEW)
    file = str(tmp_path / "p.plan")
    head(large, "--out", file)
    comes(large)  # somebody else, whom nobody declared
    ran = large.run("apply", file)
    assert (ran.code, [one for one in ran.requests if one == LIST][:2]) == (0, PAGES)
    assert "Apply complete! Resources: 2 added" in ran.out


def test_a_plan_saved_from_the_head_is_refused_when_everything_says_otherwise(
    large: Desk, tmp_path: Path
) -> None:
    """Its create is of somebody who is in the list below the first page."""
    patient = next(one for one in large.account.patients.all() if one.id == oldest(large))
    undeclare(large, patient.mrn)
    assert large.apply().code == 0
    large.lose_state()
    large.edit(lambda text: text + " ", "kardia.yaml")
    assert large.apply().code == 0  # state does not know them at all
    declare(large, NEW.replace("NEW-1", patient.mrn).replace("one-year", ""))
    file = str(tmp_path / "p.plan")
    code, requests, out = head(large, "--out", file)
    assert (code, requests) == (2, [LIST, *HOOKS, TEMPLATES])
    assert f"patient/{patient.mrn} will be created" in out
    ran = large.run("apply", file)
    assert ran.code == 1
    assert "is otherwise now that everything was read; it was made with --refresh head" in ran.err
    assert "POST /v1/patients" not in ran.requests


def test_the_callback_is_read_from_the_head_too(large: Desk) -> None:
    large.account.settings.set_callback(Hook.CALLBACK, "https://elsewhere.example.com/")
    code, _, out = head(large)
    assert code == 2
    assert "callback will be updated in-place" in out
