import json
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.csv_guard import unguarded
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.render.apply.report import complete_line, report_text, unfinished_text
from kardia_ctl.render.files.csv import safe_cell
from kardia_ctl.render.files.run_files import ResultsFormat, results_file
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.view import View

Golden = Callable[[str, str], None]


def result(number: int, status: Status, detail: str = "", action: Action = Action.CREATE) -> Result:
    return Result(patient_address(f"P-{number:03}"), action, status, detail)


@pytest.mark.parametrize(("name", "view"), [("plain", View()), ("coloured", View(colour=True))])
def test_a_report_reads_as_it_did(report: Report, golden: Golden, name: str, view: View) -> None:
    golden(f"report-{name}.txt", report_text(report) + "\n--- stderr\n" + unfinished_text(report, view))


def test_result_files_read_as_they_did(report: Report, golden: Golden) -> None:
    golden("results.csv", results_file(report, ResultsFormat.CSV, MRNS))
    golden("results.ndjson", results_file(report, ResultsFormat.NDJSON, MRNS))


def test_the_order_in_which_workers_finish_does_not_show(report: Report) -> None:
    results = list(report.results)
    random.Random(7).shuffle(results)
    other = replace(report, results=tuple(results))
    assert report_text(other) + unfinished_text(other, View()) == report_text(report) + unfinished_text(
        report, View()
    )
    assert results_file(other, ResultsFormat.CSV, MRNS) == results_file(report, ResultsFormat.CSV, MRNS)


def test_complete_is_said_only_when_everything_is_done() -> None:
    done = Report((result(1, Status.DONE), result(2, Status.DONE, action=Action.DELETE)), adopted=2)
    assert complete_line(done) == "Apply complete! Resources: 2 imported, 1 added, 0 changed, 1 destroyed."
    for status in (Status.FAILED, Status.IN_DOUBT, Status.SKIPPED):
        line = complete_line(replace(done, results=(*done.results, result(3, status))))
        assert line == (
            f"Apply incomplete: Resources: 2 imported, 1 added, 0 changed, 1 destroyed. 1 {status.value}."
        )


def test_an_interrupted_run_is_not_complete() -> None:
    report = Report((result(1, Status.DONE), result(2, Status.SKIPPED)), interrupted=True)
    assert "Warning: stopped before everything was sent\n" in unfinished_text(report, View())
    assert "Apply incomplete: " in report_text(report)


def test_an_interrupted_run_that_had_sent_everything_says_what_is_left() -> None:
    report = Report((result(1, Status.DONE),), interrupted=True, reason="the run was stopped by SIGINT")
    text = unfinished_text(report, View())
    assert "stopped before everything was sent" not in text
    assert "its last checks (kardia-ctl plan makes them): the run was stopped by SIGINT\n" in text
    assert "Apply incomplete: " in report_text(report)


def test_an_apply_that_leaves_something_blocked_is_not_complete() -> None:
    changes = [
        Change(
            patient_address(f"X-{index}"),
            Action.BLOCKED,
            Cause.SAME_PERSON,
            f"{said}: --distinct 'patient/X-{index}'",
        )
        for index, said in enumerate(("the same person?", "the same person?", "another"))
    ]
    report = Report((result(1, Status.DONE),), blocked=tuple(changes))
    assert complete_line(report) == (
        "Apply incomplete: Resources: 1 added, 0 changed, 0 destroyed. 3 blocked."
    )
    assert unfinished_text(report, View()) == (
        "Error: 3 blocked; the plan says which, and what can be done\n"
        "  2 patients: the same person?: --distinct 'ADDRESS'\n"
        "  1 patient: another: --distinct 'ADDRESS'\n"
    )


def test_an_apply_with_nothing_to_do_is_complete() -> None:
    assert report_text(Report(reads=1)) == (
        "Apply complete! Resources: 0 added, 0 changed, 0 destroyed.\nRequests: 1 sent (1 read, 0 writes).\n"
    )


def test_many_of_one_reason_are_counted_and_every_reason_is_told() -> None:
    skipped = [result(number, Status.SKIPPED, "401: the run stopped") for number in range(30)]
    failed = [result(number, Status.FAILED, f"reason {number % 10}") for number in range(100, 150)]
    text = unfinished_text(Report((*skipped, *failed)), View(full=3))
    assert text.count("Skipped: patient/") == 3
    assert "\nand 27 more skipped, for the same reasons\n" in text
    assert text.count(": create failed: reason 7") == 3
    assert text.count(": create failed: ") == 30
    assert "\nand 20 more failed, for the same reasons\n" in text


def test_failures_that_differ_by_address_or_id_alone_have_one_reason() -> None:
    failed = [
        replace(
            result(number, Status.FAILED, f"patient/P-{number:03} is live as id{number}"), id=f"id{number}"
        )
        for number in range(2000)
    ]
    text = unfinished_text(Report(tuple(failed)), View())
    assert len(text.splitlines()) == 21
    assert text.endswith("and 1980 more failed, for the same reasons\n")
    twins = [replace(one, status=Status.DONE) for one in failed[:60]]
    assert len(unfinished_text(Report(tuple(twins)), View()).splitlines()) == 60


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_answers_text_cannot_act_on_a_terminal(detail: str) -> None:
    report = Report((Result(patient_address("A"), Action.CREATE, Status.FAILED, detail, detail),))
    for text in (
        unfinished_text(report, View()),
        *(results_file(report, form, MRNS) for form in ResultsFormat),
    ):
        assert text.replace("\n", "").isprintable()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_begins_a_formula(text: str) -> None:
    assert safe_cell(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}
    assert unguarded(safe_cell(text)) == text


def test_ndjson_has_an_object_a_line(report: Report) -> None:
    rows = [json.loads(line) for line in results_file(report, ResultsFormat.NDJSON, MRNS).splitlines()]
    assert len(rows) == len(report.results)
    assert all(list(row) == ["address", "action", "status", "id", "detail"] for row in rows)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("r.csv", ResultsFormat.CSV),
        ("r", ResultsFormat.CSV),
        ("R.NDJSON", ResultsFormat.NDJSON),
        ("r.jsonl", ResultsFormat.NDJSON),
        ("r.json", ResultsFormat.NDJSON),
    ],
)
def test_a_files_name_says_its_form(name: str, form: ResultsFormat) -> None:
    assert ResultsFormat.of(name) is form
