"""The live id of a pro participant is the mrn: no output for everybody shows it."""

import json
from collections.abc import Callable
from typing import Final

import pytest

from kardia_ctl.model.address import code_address, patient_address
from kardia_ctl.model.plan import Action, Cause, Change, Plan, in_order
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.render.files.run_files import ResultsFormat, results_file
from kardia_ctl.render.plan.terraform_json import Stamp
from kardia_ctl.render.plan.terraform_stream import ended_lines, plan_lines, started_line
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.pseudonyms import Pseudonyms
from kardia_ctl.render.review.html_page import html_page
from kardia_ctl.render.review.markdown_page import markdown_page
from kardia_ctl.render.review.page_content import review_page
from kardia_ctl.render.review.review_page import PageContext
from kardia_ctl.render.view import View
from tests.documents import document_of

MRN: Final = "QZ-0042"
OLD: Final = "QZ-0024"
NAMES: Final = Pseudonyms(b"an invented key of this test")
CHANGES: Final = in_order(
    (
        Change(patient_address(MRN), Action.ADOPT, Cause.EXISTS_LIVE, id=MRN),
        Change(patient_address(f"{MRN}-2"), Action.DISCONNECT, Cause.DEPARTURE, id=f"{MRN}-2", before={}),
        Change(patient_address(f"{MRN}-3"), Action.BLOCKED, Cause.IMMUTABLE, id=f"{MRN}-3"),
        Change(code_address(MRN, "one-year"), Action.CREATE, Cause.DECLARED, id=MRN, after={}),
        Change(patient_address(f"{MRN}-4"), Action.MOVE, Cause.MOVED, id=OLD, previous=patient_address(OLD)),
    )
)
PLAN: Final = Plan(changes=CHANGES)
RESULTS: Final = [
    Result(change.address, change.action, Status.DONE, id=change.id)
    for change in CHANGES
    if change.action.writes
]


def streamed() -> str:
    lines = [*plan_lines(PLAN, NAMES), *(started_line(change, NAMES) for change in CHANGES[:2])]
    lines += [line for result in RESULTS for line in ended_lines(result, 1.0, NAMES)]
    return json.dumps(lines)


OUTPUTS: Final[dict[str, Callable[[], str]]] = {
    "text": lambda: plan_text(PLAN, View(names=NAMES)),
    "JSON": lambda: json.dumps(document_of(PLAN, Stamp("1", ""), NAMES)),
    "stream": streamed,
    "Markdown": lambda: markdown_page(review_page(PLAN, PageContext(NAMES, "default"))),
    "HTML": lambda: html_page(review_page(PLAN, PageContext(NAMES, "default"))),
    "results": lambda: results_file(Report(results=tuple(RESULTS)), ResultsFormat.CSV, NAMES),
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_id_that_is_the_mrn_is_shown_as_its_pseudonym(output: str) -> None:
    text = OUTPUTS[output]()
    assert NAMES.mrn(MRN) in text
    assert MRN not in text
    assert OLD not in text
