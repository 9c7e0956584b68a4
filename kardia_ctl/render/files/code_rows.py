"""Codes as rows of a file for mail merge. No other output holds a code; the file is 0600, or stdout."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, assert_never

from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.render.escape import escape, json_text
from kardia_ctl.render.files.csv import csv_text, safe_cell
from kardia_ctl.render.text import iso_time

CODE_COLUMNS: Final = ("mrn", "code", "template", "issued", "status")
"""``template`` is the YAML's name, ``issued`` ISO 8601 in UTC, ``status`` the one that Kardia returned."""

PASSWORD: Final = "password"  # noqa: S105  (a column's name)
"""The column of generated passwords; only files of runs that generate passwords have it."""

KEY_COLUMNS: Final = ("mrn", "template", "code")
"""The columns that identify a row: a code that is fetched again adds no second row."""


class CodeFormat(StrEnum):
    """The format of codes. Rows are appended to a file, so a file is CSV or NDJSON, never JSON."""

    CSV = "csv"
    NDJSON = "ndjson"
    JSON = "json"

    @classmethod
    def of(cls, name: str) -> "CodeFormat":
        """The format for a file's name: CSV unless it ends in .ndjson, .jsonl or .json."""
        lower = name.lower()
        if lower.endswith(".json"):
            return cls.JSON
        return cls.NDJSON if lower.endswith((".ndjson", ".jsonl")) else cls.CSV


def code_cells(issued: IssuedCode, form: CodeFormat) -> Mapping[str, str]:
    """The cells of a code's row: safe from formulas in CSV, unchanged in JSON."""
    cells = {
        "mrn": issued.mrn,
        "code": escape(issued.code),
        "template": issued.template,
        "issued": iso_time(issued.issued) if issued.issued else "",
        "status": escape(issued.status),
        **({PASSWORD: issued.password} if issued.password else {}),
    }
    match form:
        case CodeFormat.CSV:
            return {name: safe_cell(cell) for name, cell in cells.items()}
        case CodeFormat.NDJSON | CodeFormat.JSON:
            return cells
        case _:
            assert_never(form)


def code_line(cells: Mapping[str, str], columns: Sequence[str], form: CodeFormat) -> str:
    """A row with its line end; in CSV in the order of ``columns``."""
    if form is CodeFormat.CSV:
        return csv_text([[cells.get(name, "") for name in columns]])
    return json_text(cells) + "\n"
