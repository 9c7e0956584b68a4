"""Annotations for the tests of reports, some of them hostile."""

from pathlib import PurePosixPath

from hypothesis import strategies as some

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.source import Problem, Source
from kardia_ctl.render.pseudonyms import Pseudonyms
from kardia_ctl.render.reports.annotations import (
    Annotation,
    Annotator,
    Level,
    collected,
    of_plan,
    of_problems,
)
from kardia_ctl.render.reports.rules import rule_of

MRN = "JS-20000721"
ANNOTATOR = Annotator(Pseudonyms(b"k" * 32), lambda file: str(PurePosixPath("clinic") / file))

COMMANDS = (
    "::error file=x::y",
    " ::set-output name=a::b",
    "##vso[task.setvariable variable=changed]false",
    "##[command]rm",
    "a\n::add-mask::b",
    "a\r\n##vso[task.complete result=Succeeded]",
    "%0A::stop-commands::x",
    "a,line=1::b",
    "a]b;c=d",
    "\x1b[0Ksection_start:1:x\r\x1b[0K",
    "]]><failure/>&amp;",
    "```\n<!-- x --> @all",
)
"""What a runner, a page or a report might take for its own."""

texts = some.text(max_size=40) | some.sampled_from(COMMANDS)

annotations = some.builds(
    lambda level, text, file, line, column: ANNOTATOR.about(
        rule_of(text), level, text, Source(file, line, column) if file else None
    ),
    some.sampled_from(Level),
    texts,
    texts,
    some.integers(1, 99),
    some.integers(0, 99),
)


def of_everything() -> list[Annotation]:
    """A problem with an address, one without a column, and a blocked address of a plan."""
    address = patient_address(MRN)
    problems = [
        Problem(Source("kardia.yaml", 4, 10), "dob is not a valid YYYY-MM-DD date", "Correct it", address),
        Problem(Source("kardia.yaml", 9, 10), "dob is not a valid YYYY-MM-DD date", "Correct it", address),
        Problem(
            Source("rows of a cohort.csv", 2), f"two patients have this mrn; see patient/{MRN}", "Remove one"
        ),
    ]
    blocked = Change(
        address, Action.BLOCKED, Cause.IMMUTABLE, "dob cannot change", source=Source("kardia.yaml", 4)
    )
    plan = Plan((blocked,), stops=("the limit of 10 deletions is passed",))
    return [*collected((*of_problems(problems, ANNOTATOR), *of_plan(plan, ANNOTATOR)))[0]]
