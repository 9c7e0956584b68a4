"""Errors as text for people, and a configuration's problems as Terraform's validate JSON for tools."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from kardia_ctl import __version__, open_file_limit
from kardia_ctl.model.errors import ConfigurationError, KardiaError, StalePlan
from kardia_ctl.model.source import Extent, Problem, Source
from kardia_ctl.render.escape import escape
from kardia_ctl.render.text import count_of
from kardia_ctl.render.view import Colour, View

SHOWN: Final = 20
"""The most problems of one kind that text shows; the others are counted. The JSON has them all."""

MOST: Final = 100
"""The most problems of all kinds that text shows."""

_PLACE: Final = re.compile(r"\bat \S+:\d+(:\d+)?|\d+")


def problems_text(problems: Sequence[Problem], view: View) -> str:
    """``file:line:column: address: message. Remedy`` a line, then their number. Ends with a newline."""
    lines = problem_lines(problems)
    lines.append(f"{view.paint('Error:', Colour.RED)} {count_of(len(problems), 'problem')}.")
    return "\n".join(lines) + "\n"


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """A line for each of the first few problems of every kind, then how many more there are of each."""
    found: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    lines: list[str] = []
    for problem in problems:
        kind = _PLACE.sub("…", problem.message)
        found[kind] += 1
        if shown[kind] < SHOWN and len(lines) < MOST:
            shown[kind] += 1
            lines.append(escape(str(problem)))
    more = {kind: count - shown[kind] for kind, count in found.items() if count > shown[kind]}
    more_lines = [f"and {count:,} more: {escape(kind)}" for kind, count in more.items()][: MOST // 5]
    if rest := sum(list(more.values())[len(more_lines) :]):
        more_lines.append(f"and {rest:,} more of other kinds")
    return lines + more_lines


def validate_json(
    problems: Sequence[Problem],
    warnings: Sequence[str] = (),
    extents: Mapping[Source, Extent] = MappingProxyType({}),
) -> dict[str, Any]:
    """Terraform's validate document; ``address`` is ours. A warning has no place in a file.

    There is never a snippet: the text of a line is a patient's. A place whose extent is not known ends where
    it begins, at byte 0.
    """
    return {
        "format_version": "1.0",
        "valid": not problems,
        "error_count": len(problems),
        "warning_count": len(warnings),
        "diagnostics": [
            *(_error(problem, extents.get(problem.source)) for problem in problems),
            *map(_warning, warnings),
        ],
    }


def _error(problem: Problem, extent: Extent | None) -> dict[str, Any]:
    # Columns count from 1 there too, and a whole line has none: it begins at 1.
    start = {"line": problem.source.line, "column": max(problem.source.column, 1), "byte": 0}
    end = dict(start)
    if extent is not None:
        start["byte"] = extent.byte
        end = {"line": extent.end_line, "column": extent.end_column, "byte": extent.end_byte}
    return {
        "severity": "error",
        "summary": escape(problem.message),
        "detail": escape(problem.remedy),
        "range": {"filename": escape(problem.source.file), "start": start, "end": end},
        "snippet": None,
        "address": str(problem.address) if problem.address else None,
    }


def _warning(text: str) -> dict[str, Any]:
    return {
        "severity": "warning",
        "summary": escape(text),
        "detail": "",
        "range": None,
        "snippet": None,
        "address": None,
    }


def failure_text(error: Exception) -> str:
    """The message for an error that ends a command; for an internal error its type and place, no values."""
    match error:
        case ConfigurationError():
            warnings = "".join(f"Warning: {escape(warning)}\n" for warning in error.warnings)
            return warnings + problems_text(error.problems, View())
        case KardiaError():
            return f"Error: {_reported(error)}"
        case OSError() if error.errno in open_file_limit.MET:
            return f"Error: {open_file_limit.REASON}. Next: {open_file_limit.REMEDY}"
        case OSError() if error.filename is not None:
            return f"Error: {escape(str(error.filename))}: {error.strerror}"
        case OSError() if error.strerror:
            return f"Error: {error.strerror}"
        case _:
            return _bug(error)


def _reported(error: KardiaError) -> str:
    """The message; that of a stale plan has Terraform's words alone on its first line."""
    if isinstance(error, StalePlan):
        return f"{StalePlan.SUMMARY}\n{escape(error.why)}"
    return escape(str(error))


def _bug(error: Exception) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
    return (
        f"Internal error ({type(error).__name__}{where}). This is a bug; please report this line. Everything "
        f"sent so far is recorded (kardia-ctl {__version__}; KARDIA_DEBUG=1 shows the traceback, which may "
        "hold patients' values)"
    )
