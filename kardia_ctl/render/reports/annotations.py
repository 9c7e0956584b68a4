"""Problems, warnings and what a plan cannot do, as annotations: a rule, a level, a place and a text."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from typing import Final

from kardia_ctl.model.plan import Action, NoticeKind, Plan
from kardia_ctl.model.source import Problem, Source
from kardia_ctl.render.escape import escape
from kardia_ctl.render.names import Names
from kardia_ctl.render.reports.plan_rules import DRIFTED, NOTICED, STOPPED, blocked_rule
from kardia_ctl.render.reports.rules import ReportRule, rule_of, warning_rule

MOST: Final = 5000
"""The most annotations of one report. GitHub shows so many results of a SARIF file, and refuses 25,001."""

_PLACE: Final = re.compile(r"(?P<file>[^\n:]+):(?P<line>[0-9]{1,9})(?::(?P<column>[0-9]{1,9}))?: ")
_FROM_PLAN: Final = {NoticeKind.WARNING: NOTICED, NoticeKind.DRIFT: DRIFTED}


class Level(StrEnum):
    """How serious an annotation is; the words are SARIF's."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something to say about a place.

    Attributes:
        rule: What sort of thing it is.
        level: How serious it is.
        text: What it is and what to do, on one line, without values and mrns.
        file: The path from the top of the repository; empty when it is about no file.
        line: Counts from 1; 0 without a file.
        column: Counts from 1; 0 for the whole line.
        fingerprint: The same for as long as file and text are the same, wherever the line moves.
    """

    rule: ReportRule
    level: Level
    text: str
    file: str = ""
    line: int = 0
    column: int = 0
    fingerprint: str = ""

    @property
    def place(self) -> str:
        """``file:line:column``, as far as it is known."""
        parts = (self.file, *(str(number) for number in (self.line, self.column) if number))
        return ":".join(parts) if self.file else ""


@dataclass(frozen=True, slots=True)
class Annotator:
    """Makes annotations: how addresses are written, and a file's path from the top of the repository."""

    names: Names
    relative: Callable[[str], str]

    def about(
        self, rule: ReportRule, level: Level, text: str, source: Source | None, shown: str = ""
    ) -> Annotation:
        """An annotation at a place, or at none."""
        line = escape(f"{shown}: {text}" if shown else text)
        if source is None:
            return Annotation(rule, level, line)
        return Annotation(rule, level, line, escape(self.relative(source.file)), source.line, source.column)


def of_problems(problems: Iterable[Problem], annotator: Annotator) -> Iterator[Annotation]:
    """An error for each problem."""
    for problem in problems:
        remedy = f". {problem.remedy}" if problem.remedy else ""
        text = annotator.names.text(f"{problem.message}{remedy}")
        shown = annotator.names.shown(problem.address) if problem.address else ""
        yield annotator.about(rule_of(problem.message), Level.ERROR, text, problem.source, shown)


def of_warnings(warnings: Iterable[str], annotator: Annotator) -> Iterator[Annotation]:
    """A warning for each; its place, if it has one, stands before its text."""
    for warning in warnings:
        found = _PLACE.match(warning)
        source, text = None, warning
        if found is not None:
            source = Source(found["file"], int(found["line"]), int(found["column"] or 0))
            text = warning[found.end() :]
        yield annotator.about(warning_rule(text), Level.WARNING, annotator.names.text(text), source)


def of_plan(plan: Plan, annotator: Annotator) -> Iterator[Annotation]:
    """An error for each stop and each blocked address (accepted ones: a note), then warnings and drift."""
    names = annotator.names
    for stop in plan.stops:
        yield annotator.about(STOPPED, Level.ERROR, names.text(stop), None)
    for change in plan.changes:
        if change.action is Action.BLOCKED:
            level = Level.NOTE if change.accepted else Level.ERROR
            text = names.text(change.reason or change.cause.value)
            shown = names.shown(change.address)
            yield annotator.about(blocked_rule(change.cause), level, f"blocked: {text}", change.source, shown)
    for notice in plan.notices:
        if rule := _FROM_PLAN.get(notice.kind):
            shown = names.shown(notice.address) if notice.address else ""
            yield annotator.about(rule, Level.WARNING, names.text(notice.text), notice.source, shown)


def collected(annotations: Iterable[Annotation]) -> tuple[Sequence[Annotation], int]:
    """The first ``MOST`` annotations with their fingerprints, and how many more there are."""
    given = iter(annotations)
    seen: Counter[tuple[str, str, str]] = Counter()
    found = [_with_fingerprint(one, seen) for one in islice(given, MOST)]
    return found, sum(1 for _ in given)


def _with_fingerprint(one: Annotation, seen: Counter[tuple[str, str, str]]) -> Annotation:
    """Equal texts of one file are distinguished by their order."""
    known = one.rule.id, one.file, one.text
    seen[known] += 1
    digest = sha256("\0".join((*known, str(seen[known]))).encode()).hexdigest()[:32]
    return Annotation(one.rule, one.level, one.text, one.file, one.line, one.column, digest)
