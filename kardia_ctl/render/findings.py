"""The findings of doctor, as text and as JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from kardia_ctl import __version__
from kardia_ctl.render.escape import escape
from kardia_ctl.render.text import count_of, table


class Grade(StrEnum):
    """How a check ended.

    ``NOTE`` is what was found where nothing is right or wrong, ``SKIPPED`` a check that something else stood
    in the way of.
    """

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line: what was checked, how it ended, what was seen, and what to do. No patient's values in it."""

    check: str
    grade: Grade
    text: str
    remedy: str = ""


def fine(check: str, text: str) -> CheckResult:
    """All is well."""
    return CheckResult(check, Grade.FINE, text)


def note(check: str, text: str, remedy: str = "") -> CheckResult:
    """What was found, for a person to know."""
    return CheckResult(check, Grade.NOTE, text, remedy)


def wrong(check: str, text: str, remedy: str = "") -> CheckResult:
    """What is not as it should be, and what to do."""
    return CheckResult(check, Grade.WRONG, text, remedy)


def skipped(check: str, text: str) -> CheckResult:
    """Why nothing was checked."""
    return CheckResult(check, Grade.SKIPPED, text)


_WORDS: Final = {Grade.FINE: "ok", Grade.NOTE: "note", Grade.WRONG: "NOT OK", Grade.SKIPPED: "skipped"}

REPORT: Final = "kardia_ctl_report"
"""The first key of a report."""


def findings_text(findings: Sequence[CheckResult], requests: int) -> str:
    """A line for each finding, then how many are not fine and what was sent."""
    rows = [(_WORDS[found.grade], escape(found.check), escape(_sentence(found))) for found in findings]
    wrong = sum(found.grade is Grade.WRONG for found in findings)
    end = f"{count_of(wrong, 'finding')} not fine." if wrong else "Everything that was checked is fine."
    return "\n".join([*table(rows, words=3), "", f"{end} Requests: {requests}, all of them reads."]) + "\n"


def _sentence(found: CheckResult) -> str:
    return f"{found.text}. {found.remedy}" if found.remedy else found.text


def findings_json(findings: Sequence[CheckResult], requests: int) -> dict[str, Any]:
    """The findings as one document."""
    counts = Counter(found.grade.value for found in findings)
    return {
        "format_version": "1.0",
        "fine": not counts[Grade.WRONG],
        "requests": requests,
        "findings": [
            {
                "check": found.check,
                "grade": found.grade.value,
                "text": escape(found.text),
                "remedy": escape(found.remedy),
            }
            for found in findings
        ],
    }


def report_json(findings: Sequence[CheckResult], requests: int) -> dict[str, Any]:
    """The same for a bug report; the version stands first."""
    return {REPORT: __version__, **findings_json(findings, requests)}
