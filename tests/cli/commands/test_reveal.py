"""Pseudonyms lead back to mrns where key and configuration are, on the person's own terminal alone."""

import io
import re
import sys
from pathlib import Path

import pytest

from kardia_ctl.cli import naming
from tests.cli.conftest import Desk


@pytest.fixture
def addresses_as_on_a_terminal() -> None:
    """A pipe is a pipe here."""


def pseudonym_in(text: str) -> str:
    found = re.search(r"patient/(~\w{10})", text)
    assert found
    return found[1]


@pytest.fixture
def name(desk: Desk) -> str:
    """The pseudonym of a patient of the clinic, as a plan in a pipe shows it."""
    ran = desk.plan()
    assert "patient/CL-00010" not in ran.out
    return pseudonym_in(ran.out)


def revealed(desk: Desk, *arguments: str) -> tuple[int, str, str]:
    ran = desk.run("reveal", *arguments, "--config", str(desk.path), "--show-phi")
    assert not ran.requests
    return ran.code, ran.out, ran.err


def test_a_pseudonym_of_a_plan_is_revealed_alone_and_in_an_address(desk: Desk, name: str) -> None:
    assert revealed(desk, name) == (0, f"{name}  CL-0001042\n", "")
    code, out, _ = revealed(desk, f"patient/{name}", f"connection_code/{name}/one-year")
    assert (code, out.splitlines()) == (
        0,
        [
            f"patient/{name}  patient/CL-0001042",
            f"connection_code/{name}/one-year  connection_code/CL-0001042/one-year",
        ],
    )


def test_a_page_on_stdin_is_printed_with_mrns(desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = f"| `patient/{name}` | delete |\nand {name}.\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(page.encode())))
    assert revealed(desk)[1] == "| `patient/CL-0001042` | delete |\nand CL-0001042.\n"


def test_it_refuses_to_print_mrns_into_a_pipe(desk: Desk, name: str) -> None:
    ran = desk.run("reveal", name, "--config", str(desk.path))
    assert (ran.code, ran.out) == (1, "")
    assert "--show-phi" in ran.err


def test_what_cannot_be_resolved_is_named_with_the_reason(
    desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = revealed(desk, name, "~0000000000")
    assert (code, out) == (1, f"{name}  CL-0001042\n")
    assert "~0000000000" in err
    assert "neither declared nor recorded" in err
    assert "another key" not in err
    monkeypatch.setenv("KARDIA_REVIEW_KEY", "a review key of another machine")
    assert "another key than that of KARDIA_REVIEW_KEY" in revealed(desk, name)[2]


def test_a_word_that_is_no_pseudonym_is_refused(desk: Desk) -> None:
    assert "is no pseudonym" in revealed(desk, "JS-1")[2]


def test_pseudonyms_are_the_same_in_every_command_and_under_a_review_key_on_every_machine(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARDIA_REVIEW_KEY", "one review key for all machines")
    before = pseudonym_in(desk.plan().out)
    assert desk.apply().code == 0
    assert before in desk.run("state", "list", str(desk.path)).out
    monkeypatch.setenv("KARDIA_API_KEY", "another-key-of-another-machine")
    assert (
        before
        in desk.run("plan", str(desk.path), "--refresh", "off").out
        + desk.run("state", "list", str(desk.path)).out
    )


STATE = (("state", "show", "{}"), ("state", "forget", "{}", "--auto-approve"))


@pytest.mark.parametrize("arguments", STATE)
def test_the_verbs_of_state_take_pseudonyms(desk: Desk, arguments: tuple[str, ...]) -> None:
    assert desk.apply().code == 0
    name = pseudonym_in(desk.run("state", "list", str(desk.path)).out)
    words = [word.format(f"patient/{name}") for word in arguments]
    ran = desk.run(*words[:3], str(desk.path), *words[3:])
    assert ran.code == 0, ran.err
    assert f"patient/{name}" in ran.out


def test_state_mv_takes_a_pseudonym_and_a_new_mrn(desk: Desk) -> None:
    assert desk.apply().code == 0
    name = pseudonym_in(desk.run("state", "list", str(desk.path)).out)
    ran = desk.run("state", "mv", f"patient/{name}", "patient/NEW-1", str(desk.path))
    assert ran.code == 0, ran.err
    assert "patient/NEW-1" in desk.run("state", "list", str(desk.path), "--show-phi").out
    assert "NEW-1" not in ran.out


@pytest.mark.parametrize("option", ["--target", "--reissue"])
def test_a_saved_plan_about_pseudonyms_does_exactly_that(
    desk: Desk, tmp_path: Path, name: str, option: str
) -> None:
    plan = tmp_path / "saved.plan"
    target = f"connection_code/{name}/one-year"
    assert desk.plan("--target", target, option, target, "--out", str(plan)).code == 0
    assert "CL-00010" not in plan.read_text()
    ran = desk.run("apply", str(plan))
    assert (ran.code, "2 added" in ran.out) == (0, True), ran.out + ran.err
    assert [one.mrn for one in desk.account.patients.all()] == ["CL-0001042"]


def test_a_saved_plan_that_excludes_a_pseudonym_leaves_that_patient_alone(
    desk: Desk, tmp_path: Path, name: str
) -> None:
    plan = tmp_path / "saved.plan"
    assert desk.plan("--exclude", f"patient/{name}", "--out", str(plan)).code == 0
    assert "CL-00010" not in plan.read_text()
    ran = desk.run("apply", str(plan))
    assert ran.code == 0, ran.out + ran.err
    assert "CL-0001042" not in {one.mrn for one in desk.account.patients.all()} != set()


def test_a_saved_plan_whose_pseudonyms_have_another_key_is_refused(
    desk: Desk, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "saved.plan"
    assert desk.plan("--target", f"patient/{name}", "--out", str(plan)).code == 0
    monkeypatch.setenv("KARDIA_REVIEW_KEY", "a review key of another machine")
    ran = desk.run("apply", str(plan))
    assert (ran.code, ran.requests) == (1, [])
    assert "another key" in ran.err


def test_show_reads_pseudonyms_in_a_pipe_and_mrns_where_they_may_be_seen(
    desk: Desk, tmp_path: Path, name: str
) -> None:
    plan = tmp_path / "saved.plan"
    assert desk.plan("--out", str(plan)).code == 0
    assert f"# patient/{name} will be created" in desk.run("show", str(plan)).out
    shown = desk.run("show", str(plan), "--show-phi").out
    assert "# patient/CL-0001042 will be created" in shown
    assert not naming.note()


def test_a_configuration_may_show_mrns_everywhere(desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "saved.plan"
    desk.edit(lambda text: f"{text}\nreview: {{mrn: shown}}\n")
    ran = desk.plan("--out", str(plan), "--target", "connection_code/CL-0001042/one-year")
    assert "# patient/CL-0001042 will be created" in ran.out
    assert "patient/CL-0001042" in plan.read_text()
    assert desk.run("apply", str(plan)).code == 0
    assert "patient/CL-0001042" in desk.run("state", "list", str(desk.path)).out
