"""A small workbook makes no large work: kind 17, work is bounded by the size of the input."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from kardia_ctl.config import load
from kardia_ctl.config.budget import Budget
from kardia_ctl.config.cohorts.formats import workbook
from kardia_ctl.model.errors import ConfigurationError
from tests.attacks.hostile.bounded import checked
from tests.attacks.safeguards import removed

SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
END = b"</sheetData>"


def parts() -> dict[str, bytes]:
    """A workbook of one patient, part by part, with a table of texts."""
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["mrn", "dob", "email", "firstname", "lastname", "sex"])
    sheet.append(["P-1", "2000-01-01", "p1@example.com", "Joe", "Smith", "1"])
    target = io.BytesIO()
    book.save(target)
    with ZipFile(target) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    if STRINGS not in found:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
        entry = f'<Override PartName="/{STRINGS}" ContentType="{kind}"/></Types>'.encode()
        found[STRINGS] = f'<sst xmlns="{MAIN}"><si><t>a</t></si></sst>'.encode()
        found["[Content_Types].xml"] = found["[Content_Types].xml"].replace(b"</Types>", entry)
    return found


def packed(content: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return target.getvalue()


def replaced(part: str, before: bytes, after: bytes) -> Callable[[], bytes]:
    def made() -> bytes:
        content = parts()
        assert before in content[part]
        return packed({**content, part: content[part].replace(before, after, 1)})

    return made


def rows(first: int, last: int, cell: str) -> bytes:
    return "".join(f'<row r="{row}">{cell.format(row)}</row>' for row in range(first, last)).encode()


FORMAT = b'<numFmts count="1"><numFmt numFmtId="170" formatCode="%s"/></numFmts><cellXfs'
BOMBS: dict[str, Callable[[], bytes]] = {
    "rows that never end": replaced(SHEET, END, b"<row " * 60_000),
    "attributes that never end": replaced(SHEET, END, b"<row" + b" r r r" * 60_000),
    "a number format of brackets": replaced(STYLES, b"<cellXfs", FORMAT % (b"[" * 200_000)),
    "seven million texts": replaced(STRINGS, b"</sst>", b"<si><t>a</t></si>" * 1_000_000 + b"</sst>"),
    "empty texts": replaced(STRINGS, b"</sst>", b"<si/>" * 700_000 + b"</sst>"),
    "one text of many runs": replaced(STRINGS, b"</sst>", b"<si>" + b"<r/>" * 400_000 + b"</si></sst>"),
    "a text for every cell": lambda: packed(
        {
            **(content := parts()),
            STRINGS: content[STRINGS].replace(b"</sst>", b"<si><t>" + b"x" * 2_000_000 + b"</t></si></sst>"),
            SHEET: content[SHEET].replace(END, rows(9, 9000, '<c r="A{0}" t="s"><v>1</v></c>') + END),
        }
    ),
    "rows as wide as can be": replaced(SHEET, END, rows(9, 40_000, '<c r="XFD{0}"/>') + END),
    "cells of another name": replaced(SHEET, END, (b"<row>" + b"<x/>" * 100_000 + b"</row>") * 9 + END),
    "styles": replaced(STYLES, b"</cellXfs>", b"<xf/>" * 700_000 + b"</cellXfs>"),
    "merged ranges": replaced(
        SHEET, END, END + b"<mergeCells>" + b'<mergeCell ref="A1:XFD1048576"/>' * 90_000 + b"</mergeCells>"
    ),
    "a cell that is nested": replaced(SHEET, END, b"<row><c>" + b"<v>" * 200_000 + b"</c></row>" + END),
    "entities": lambda: packed(
        {**(content := parts()), SHEET: b'<!DOCTYPE a [<!ENTITY a "aaaa">]>' + content[SHEET]}
    ),
    "one sheet a thousand times": lambda: packed(
        {
            **(content := parts()),
            SHEET: content[SHEET].replace(b"<dimension", b"<x").replace(END, b"<row/>" * 100_000 + END),
            "xl/workbook.xml": content["xl/workbook.xml"].replace(
                b"</sheets>", _sheets(lambda _: "rId1") + b"</sheets>"
            ),
        }
    ),
    "one sheet under a thousand names": lambda: packed(
        {
            **(content := parts()),
            SHEET: content[SHEET].replace(b"<dimension", b"<x").replace(END, b"<row/>" * 100_000 + END),
            "xl/workbook.xml": content["xl/workbook.xml"].replace(
                b"</sheets>", _sheets(lambda number: f"x{number}") + b"</sheets>"
            ),
            "xl/_rels/workbook.xml.rels": content["xl/_rels/workbook.xml.rels"].replace(
                b"</Relationships>",
                "".join(
                    f'<Relationship Id="x{number}" Type="a/worksheet" Target="/{SHEET}"/>'
                    for number in range(2, 1000)
                ).encode()
                + b"</Relationships>",
            ),
        }
    ),
    "parts": lambda: packed(parts() | {f"xl/x{number}.xml": b"<x/>" for number in range(2000)}),
}


def _sheets(identity: Callable[[int], str]) -> bytes:
    space = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    return "".join(
        f'<sheet name="s{number}" sheetId="{number}" {space} r:id="{identity(number)}"/>'
        for number in range(2, 1000)
    ).encode()


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_workbook_makes_no_large_work(tmp_path: Path, name: str) -> None:
    data = BOMBS[name]()
    assert len(data) < 400_000
    found = checked(tmp_path, data)
    assert re.search(r"c\.xlsx:1:1: (the workbook (cannot|has more)|the file comes to too many)", found), (
        found
    )


def test_an_infinite_number_is_a_problem_of_its_cell(tmp_path: Path) -> None:
    data = replaced(SHEET, END, b'<row r="3"><c r="F3"><v>1E999</v></c></row>' + END)()
    assert "c.xlsx:3:6:" in checked(tmp_path, data)


def test_a_true_workbook_is_read(tmp_path: Path) -> None:
    (tmp_path / "c.xlsx").write_bytes(packed(parts()))
    (tmp_path / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.xlsx}}\n")
    assert list(load(tmp_path, {}).desired.patients) == ["P-1"]


def test_without_the_check_a_workbook_unpacks_without_bound(tmp_path: Path) -> None:
    """Mutant: openpyxl reads whatever it is given. A small bomb, because here it goes off."""
    (tmp_path / "c.xlsx").write_bytes(replaced(STRINGS, b"</sst>", b"<si/>" * 51_000 + b"</sst>")())
    (tmp_path / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.xlsx}}\n")
    spent: list[int] = []
    with pytest.raises(ConfigurationError):
        load(tmp_path, {})
    with (
        removed(workbook, "check_workbook", lambda *_: spent.append(1)),
        removed(Budget, "spend", lambda *_: None),
    ):
        assert list(load(tmp_path, {}).desired.patients) == ["P-1"]
    assert spent
