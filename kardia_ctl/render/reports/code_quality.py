"""Annotations as GitLab's code quality report (artifacts:reports:codequality)."""

import json
from collections.abc import Sequence
from typing import Final

from kardia_ctl.render.escape import json_text
from kardia_ctl.render.reports.annotations import Annotation, Level

_KEYS: Final = ("description", "check_name", "fingerprint", "severity", "location")
_SEVERITY: Final = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTE: "info"}


def code_quality_text(annotations: Sequence[Annotation], main: str) -> str:
    """A JSON array, an object a line. GitLab wants a place: without one it is the first line of ``main``."""
    lines = [json_text(_entry(one, main), separators=(",", ":")) for one in annotations]
    return "[" + ",\n".join(lines) + "]\n"


def _entry(one: Annotation, main: str) -> dict[str, object]:
    return {
        "description": one.text,
        "check_name": one.rule.id,
        "fingerprint": one.fingerprint,
        "severity": _SEVERITY[one.level],
        "location": {"path": one.file or main, "lines": {"begin": max(one.line, 1)}},
    }


def is_code_quality(head: bytes) -> bool:
    """Whether a file begins as such a report."""
    first = head.split(b"\n", 1)[0]
    try:
        entry = json.loads(first.removeprefix(b"[").rstrip(b",]") or b"[]")
    except ValueError:
        return False
    return entry == [] or (isinstance(entry, dict) and tuple(entry) == _KEYS)
