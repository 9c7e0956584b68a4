"""Outputs: what a step wrote is what the next one reads, whatever stands in a value."""

import json

from hypothesis import given
from hypothesis import strategies as some

from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan
from kardia_ctl.render.reports.annotations import Annotation
from kardia_ctl.render.reports.code_quality import code_quality_text, is_code_quality
from kardia_ctl.render.reports.job_outputs import azure_variables, dotenv, github_output, plan_outputs
from kardia_ctl.render.reports.problem_page import problem_page
from tests.render.reports.examples import MRN, annotations, of_everything

names = some.from_regex(r"[a-z_]{1,10}", fullmatch=True)


def read_github(text: str) -> dict[str, str]:
    """As the runner reads the file: NAME<<DELIMITER, lines, DELIMITER."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, delimiter = line.split("<<", 1)
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


@given(some.dictionaries(names, some.text(some.characters(exclude_characters="\r\n"))))
def test_github_reads_the_values_that_were_written(values: dict[str, str]) -> None:
    assert read_github(github_output(values, "ends-0123456789abcdef")) == values


def test_a_value_ends_no_other_value() -> None:
    values = {"page": "x\nends-1\nchanged<<ends-1\nfalse", "changed": "true"}
    assert read_github(github_output(values, "ends-0123456789abcdef")) == values


def test_a_plan_that_is_stopped_changes_nothing() -> None:
    changes = (Change(patient_address(MRN), Action.CREATE, Cause.DECLARED),)
    assert plan_outputs(Plan(changes))["changed"] == "true"
    assert plan_outputs(Plan(changes, stops=("a limit is passed",)))["changed"] == "false"


def test_variables_are_prefixed_and_in_capitals() -> None:
    assert dotenv({"to_add": "3"}) == "KARDIA_CI_TO_ADD=3\n"
    assert list(azure_variables({"to_add": "3"})) == [
        "##vso[task.setvariable variable=to_add;isOutput=true]3"
    ]


def test_a_disconnect_is_destroyed_an_export_changed_and_an_accepted_one_not_blocked() -> None:
    def change(action: Action, **more: object) -> Change:
        return Change(patient_address(f"P-{action}"), action, Cause.DECLARED, **more)  # type: ignore[arg-type]

    drift = Notice(NoticeKind.DRIFT, "the url differs", Address(Kind.CALLBACK, ()))
    plan = Plan(
        (
            *map(change, (Action.CREATE, Action.UPDATE, Action.ADOPT, Action.DISCONNECT, Action.DELETE)),
            change(Action.EXPORT),
            change(Action.BLOCKED),
            change(Action.BLOCKED, accepted="2027-01-01"),
        ),
        (drift,),
        digest="d1:abc",
    )
    assert plan_outputs(plan) == {
        "changed": "true",
        "to_add": "1",
        "to_change": "2",
        "to_destroy": "2",
        "to_import": "1",
        "blocked": "1",
        "drifted": "1",
        "digest": "d1:abc",
    }


def test_without_a_plan_nothing_is_known_to_change() -> None:
    assert plan_outputs(None)["changed"] == "false"


def test_gitlab_s_report_has_a_place_and_a_fingerprint_for_each() -> None:
    entries = json.loads(code_quality_text(of_everything(), "clinic/kardia.yaml"))
    assert {tuple(entry) for entry in entries} == {
        ("description", "check_name", "fingerprint", "severity", "location")
    }
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    assert all(entry["location"]["lines"]["begin"] > 0 for entry in entries)
    assert {entry["severity"] for entry in entries} == {"major"}


@given(some.lists(annotations, max_size=3))
def test_a_report_of_gitlab_is_known_again(found: list[Annotation]) -> None:
    text = code_quality_text(found, "kardia.yaml")
    assert len(json.loads(text)) == len(found)
    assert is_code_quality(text.encode())


def test_another_json_is_not_taken_for_one() -> None:
    assert not is_code_quality(b'[{"mrn":"1"}]')
    assert not is_code_quality(b"{}")
    assert not is_code_quality(b"mrn,dob")


@given(some.lists(annotations, max_size=5))
def test_no_text_leaves_the_block_of_a_page(found: list[Annotation]) -> None:
    lines = problem_page("it is not valid", found, "<!-- kardia-ctl -->").splitlines()
    assert lines[0] == "<!-- kardia-ctl -->"
    if found:
        fence = lines[3].removesuffix("text")
        assert lines[-1] == fence
        assert sum(line.startswith(fence) for line in lines) == 2
        assert len(lines) == len(found) + 5
    assert MRN not in problem_page("", of_everything(), "")


def test_a_page_of_ten_thousand_problems_fits_into_a_comment() -> None:
    page = problem_page("", of_everything() * 2_000, "")
    assert len(page) < 65_536
    assert "9800 lines more" in page
