"""Kind 17: work is bounded by the input's size, no cell is a formula, and nothing raw is printed."""

# ruff: noqa: RUF001  (look-alikes are what is tested)

import ast
import asyncio
import csv
import importlib
import io
import json
import pkgutil
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook

import kardia_ctl
from kardia_ctl import csv_guard
from kardia_ctl.api.limits.retry import RetryPolicy
from kardia_ctl.cli.main import run
from kardia_ctl.cli.output import console
from kardia_ctl.cli.webhooks import receiver
from kardia_ctl.config import load
from kardia_ctl.config.budget import Budget
from kardia_ctl.config.cohorts.formats import xlsx
from kardia_ctl.config.cohorts.formats.csv import cell_begin
from kardia_ctl.csv_guard import REJECTED_COLUMNS, guarded, unguarded
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.render.escape import escape_json, escape_lines, json_text
from kardia_ctl.render.files.csv import csv_text
from tests.attacks.safeguards import removed

codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")  # the one that re itself uses

PACKAGE = Path(kardia_ctl.__file__).parent
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
END = b"</sheetData>"

# --- workbooks -------------------------------------------------------------------------------------------


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
            SHEET: content[SHEET].replace(b"<dimension", b"<x").replace(END, b"<row/>" * 500_000 + END),
            "xl/workbook.xml": content["xl/workbook.xml"].replace(
                b"</sheets>", _sheets(lambda _: "rId1") + b"</sheets>"
            ),
        }
    ),
    "one sheet under a thousand names": lambda: packed(
        {
            **(content := parts()),
            SHEET: content[SHEET].replace(b"<dimension", b"<x").replace(END, b"<row/>" * 500_000 + END),
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


def checked(path: Path, data: bytes, name: str = "c.xlsx", more: str = "") -> str:
    """The first problem of a cohort of these bytes, found with bounded memory and processor time."""
    (path / name).write_bytes(data)
    (path / "kardia.yaml").write_text(f"version: 1\ncohorts: {{c: {{source: {name}{more}}}}}\n")

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    ran = subprocess.run(
        [sys.executable, "-m", "kardia_ctl", "validate", str(path)],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=bounded,
        timeout=600,
    )
    assert ran.returncode == 1, ran
    return ran.stderr


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
    """Mutant: openpyxl reads whatever it is given."""
    (tmp_path / "c.xlsx").write_bytes(BOMBS["styles"]())
    (tmp_path / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.xlsx}}\n")
    spent: list[int] = []
    with pytest.raises(ConfigurationError):
        load(tmp_path, {})
    with (
        removed(xlsx, "check_workbook", lambda *_: spent.append(1)),
        removed(Budget, "spend", lambda *_: None),
    ):
        assert list(load(tmp_path, {}).desired.patients) == ["P-1"]
    assert spent


# --- other formats ---------------------------------------------------------------------------------------

TEXTS = {
    "c.csv, a row over many lines": ("c.csv", b"mrn,dob,email\n" + b'"\n",' * 3_000_000),
    "c.csv, many columns": ("c.csv", b"a," * 1_900_000 + b"\n"),
    "c.csv, equal long headers": ("c.csv", b",".join([b"a" * 4000] * 900) + b"\n"),
    "c.csv, a line that never ends": ("c.csv", b"mrn,dob" * 2_000_000),
    "c.ndjson, a line that never ends": ("c.ndjson", b"[" * 6_000_000),
    "c.ndjson, a deep line": ("c.ndjson", b"[" * 3_000_000 + b"\n"),
    "c.json, much beside the entries": (
        "c.json",
        b'{"resourceType": "Bundle", '
        + b",".join(b'"k%d": [%s]' % (number, b",".join([b"{}"] * 200_000)) for number in range(40))
        + b', "entry": [{}]}',
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_makes_no_work_beyond_its_size(tmp_path: Path, name: str) -> None:
    file, data = TEXTS[name]
    assert f"{file}:" in checked(tmp_path, data, file, ", identifier: x" if file.endswith(".json") else "")


@pytest.mark.parametrize(
    "data", [b"[" + b"a," * 3_000_000 + b"a]", b"patients: [" + b"[],\n" * 900_000 + b"[]]"]
)
def test_wide_yaml_is_refused(tmp_path: Path, data: bytes) -> None:
    lines = data.replace(b"a,a,a,a,", b"a,a,a,a,\n")
    (tmp_path / "kardia.yaml").write_bytes(b"version: 1\nx: " + lines if lines[:1] == b"[" else lines)
    with pytest.raises(ConfigurationError, match=r"too many lists, keys and values"):
        load(tmp_path, {})


@given(st.lists(st.text(st.sampled_from('ab,"; '), max_size=6), min_size=1, max_size=9), st.data())
def test_a_cell_begins_where_counting_says(cells: list[str], data: st.DataObject) -> None:
    text = ",".join(cells) + "\n"
    index = data.draw(st.integers(0, 10))
    is_quoted, count, begin = False, 0, 0
    for place, character in enumerate(text):
        if count == index:
            begin = place
            break
        is_quoted ^= character == '"'
        count += character == "," and not is_quoted
    assert cell_begin(text, index, ",") == begin


# --- expressions -----------------------------------------------------------------------------------------


def expressions() -> Iterator[tuple[str, "re.Pattern[Any]"]]:
    for module in pkgutil.walk_packages([str(PACKAGE)], "kardia_ctl."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            found = value if isinstance(value, (list, tuple)) else [value]
            for each in found:
                for pattern in each if isinstance(each, tuple) else [each]:
                    if isinstance(pattern, re.Pattern):
                        yield f"{module.name}.{name}", pattern


def nested(tree: Any, *, inside: bool = False) -> bool:
    """Whether an unbounded repeat that may give back stands in another one and begins as it could go on."""
    for code, argument in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _, most, body = argument
            unbounded = most == codes.MAXREPEAT
            if unbounded and inside and len(tree) == 1:
                return True  # (a+)+
            if nested(body, inside=unbounded):
                return True
        elif code is codes.SUBPATTERN:
            if nested(argument[-1], inside=inside and len(tree) == 1):
                return True
        elif code is codes.BRANCH and any(nested(branch) for branch in argument[1]):
            return True
    return False


@pytest.mark.parametrize(("name", "pattern"), list(expressions()), ids=lambda value: str(value)[:60])
def test_no_expression_repeats_what_is_repeated(name: str, pattern: "re.Pattern[Any]") -> None:
    flags = pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    assert not nested(parser.parse(pattern.pattern, flags)), name


SEARCHED = {
    "kardia_ctl.api.error_body._TITLE": "<title",
    "kardia_ctl.csv_guard._UNSAFE": "' \"",
    "kardia_ctl.csv_guard._GUARDED": "' \"",
    "kardia_ctl.render.escape._ANYWHERE": "#",
    "kardia_ctl.render.problems._PLACE": "at a",
}


def searches(pattern: "re.Pattern[str]", beginning: str, seconds: int) -> bool:
    """Whether a search over a million characters of one beginning ends within so much processor time."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    program = "import re, sys; re.compile(sys.argv[1], int(sys.argv[2])).sub('', sys.stdin.read())"
    command = [sys.executable, "-c", program, pattern.pattern, str(pattern.flags)]
    text = beginning * (1_000_000 // len(beginning)) + "!"
    ran = subprocess.run(command, input=text, text=True, check=False, preexec_fn=bounded, timeout=600)
    assert ran.returncode in (0, -signal.SIGXCPU, -signal.SIGKILL), ran
    return ran.returncode == 0


@pytest.mark.parametrize("name", SEARCHED)
def test_a_search_over_repeated_beginnings_ends(name: str) -> None:
    """Quadratic, each would take an hour."""
    (pattern,) = {pattern for found, pattern in expressions() if found == name}
    assert searches(pattern, SEARCHED[name], seconds=60)


def test_a_search_that_reads_on_from_each_beginning_does_not_end() -> None:
    """Mutant: an expression that looks for the end anew at each of many beginnings."""
    assert not searches(re.compile("<title.*</title>"), "<title", seconds=2)


def test_the_check_of_expressions_sees_a_nested_repeat() -> None:
    """Mutant: an expression that repeats what is repeated."""
    for bad in ("(a+)+", "(?:a*)*b", "((?:x)+)*", "(a|b+)*|(c+)+"):
        assert nested(parser.parse(bad)), bad
    for good in ("(?:a+,)+", "(a{1,3}b)*", "[ab]+c*", "(?:[^a]++|b)*+"):
        assert not nested(parser.parse(good)), good


# --- cells -----------------------------------------------------------------------------------------------

FORMULAS = [
    "=cmd()",
    "+1",
    "-1",
    "@x",
    "a;=cmd()",
    "a\t=cmd()",
    "a|=cmd()",
    "a\n=cmd()",
    "a\r@x",
    "a; =x",
    'a;"=x',
    ";=x",
    "\t=x",
    "\u00a0=x",
    "\u200b=x",
    "\ufeff=x",
    '"=x',
    "'=x",
    "a;'=x",
    "\uff1dx",
    "\uff0bx",
    "\uff0dx",
    "\uff20x",
    "\u2212x",
    "a;\u200e\uff1dx",
    "::set-env name=x::y",
    " ::x",
    "a\n::set-env::",
    "a;\u3000=x",
    "a;\x0b=x",
]
SEPARATORS = (",", ";", "\t", "|")
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\u2212"


def cells_of(line: str, separator: str) -> list[str]:
    """Every text that a program could take for a cell: split with quotes and without."""
    lines = re.split("[\r\n]", line)
    with_quotes = [cell for row in csv.reader(lines, delimiter=separator) for cell in row]
    return with_quotes + [cell for row in lines for cell in row.split(separator)]


def is_formula(cell: str) -> bool:
    plain = re.sub(r"^[\s\"\u200b-\u200f\ufeff\u00ad\u2060]+", "", cell)
    return plain.startswith((*SIGNS, "::"))


@given(
    st.lists(
        st.text(st.sampled_from(f"ab;|\t\n\r,'\" \u200b\ufeff:{SIGNS}"), max_size=9), min_size=1, max_size=4
    )
)
@example(FORMULAS)
def test_no_cell_is_a_formula_whatever_separates(row: list[str]) -> None:
    for cell in row:
        for separator in SEPARATORS[1:]:
            assert not any(map(is_formula, cells_of(guarded(cell), separator))), (cell, separator)
    assert [[unguarded(cell) for cell in read] for read in csv.reader([csv_text([["x"]])])] == [["x"]]


@given(st.text() | st.text(st.sampled_from("'=-;\t\n:a \"")))
@example("'-1")
@example("''=;'=")
def test_the_guard_is_taken_away_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_plain_cells_stay_as_they_are() -> None:
    for name in (
        "'t Hooft",
        "'s-Gravenhage",
        'Robert "Bob"',
        "O’Brien",
        "a-b",
        "a=b",
        "219E01",
        "0x1F",
        "x;y",
        "1-2",
    ):
        assert guarded(name) == name


def test_a_quarantined_row_comes_back_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mrns = ["-0042", "'-7", "=A;-1", "'t Hooft", "+a\uff1d"]
    bad = "".join(f'"{mrn}",not a date,x@example.com\n' for mrn in mrns)
    (tmp_path / "c.csv").write_text(f"mrn,dob,email\n{bad}")
    (tmp_path / "kardia.yaml").write_text(
        "version: 1\ncohorts: {c: {source: c.csv, on_bad_row: quarantine}}\n"
    )
    assert run(["validate", str(tmp_path)]) == 1
    capsys.readouterr()
    file = tmp_path / "c.rejected.csv"
    assert file.read_text().startswith(",".join(REJECTED_COLUMNS))
    assert "'-0042" in file.read_text()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "again.csv").write_text(file.read_text().replace("not a date", "2000-01-01"))
    (tmp_path / "d" / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: again.csv}}\n")
    assert list(load(tmp_path / "d", {}).desired.patients) == mrns


def test_without_the_guard_a_part_of_a_cell_is_a_formula() -> None:
    """Mutant: only the beginning of a cell is looked at."""
    only_first = re.compile(r"\A(?=[=+\-@])")
    with removed(csv_guard, "_UNSAFE", only_first), pytest.raises(AssertionError):
        test_no_cell_is_a_formula_whatever_separates.hypothesis.inner_test(["a;=cmd()"])  # type: ignore[attr-defined]


# --- the listener ----------------------------------------------------------------------------------------

DELIVERY = b"POST /hook HTTP/1.1\r\nhost: hooks.example.com\r\ncontent-length: 0\r\n\r\n"
BEGINNINGS = (b"", b"POST /hook HT", b"POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 90\r\n\r\n{")


async def deliver_among(slow: int) -> bytes:
    """The answer to a delivery while others hold a connection each, and send a byte now and then."""
    listener = receiver.bound("127.0.0.1", 0)
    port = listener.getsockname()[1]
    inbox = receiver.Inbox()
    async with receiver.receiving(listener, "/hook", inbox.add, inbox.refuse):
        held = []
        for number in range(slow):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(BEGINNINGS[number % len(BEGINNINGS)])
            held.append(writer)
        await asyncio.sleep(0.1)
        for writer in held:
            writer.write(b"P")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(DELIVERY)
        try:
            return await asyncio.wait_for(reader.read(), 30)
        finally:
            for each in (*held, writer):
                each.close()


@pytest.mark.parametrize("slow", [64, 300])
async def test_slow_clients_keep_no_delivery_out(slow: int) -> None:
    assert (await deliver_among(slow)).startswith(b"HTTP/1.1 200 ")


async def test_without_making_room_they_keep_it_out() -> None:
    """Mutant: the server holds every connection, and refuses the next."""

    def full(self: Any) -> None:
        self.transport.abort()

    with removed(receiver._TimedProtocol, "_make_room", full), pytest.raises((AssertionError, OSError)):
        assert (await deliver_among(300)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"host: anything.example.org:99\r\n", b"200"),
        (b"host: 127.0.0.1\r\nx-forwarded-for: 10.0.0.1\r\n", b"200"),
        (b"host: a@b\r\n", b"400"),
        (b"host: a b\r\n", b"400"),
        (b"host: x\r\nhost: y\r\n", b"400"),
        (b"host: x\r\norigin: http://x\r\n", b"403"),
        (b"host: x\r\nsec-fetch-mode: navigate\r\n", b"403"),
        (b"host: x\r\nreferer: https://evil.example.com/\r\n", b"403"),
    ],
)
async def test_behind_a_tunnel_any_host_is_right_and_no_browser(headers: bytes, status: bytes) -> None:
    listener = receiver.bound("127.0.0.1", 0)
    inbox = receiver.Inbox()
    async with receiver.receiving(listener, "/hook", inbox.add, inbox.refuse):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
        writer.write(b"POST /hook HTTP/1.1\r\n" + headers + b"content-length: 0\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 30)).split()[1] == status
        writer.close()


# --- what is printed -------------------------------------------------------------------------------------

HOSTILE = "\x1b]52;c;eA==\x07\x1b[2J\x9b31m\u202e\u2066\x08\r\x7f##vso[task.x]\u200b"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]|##|(?m:^\\s*::)")


@pytest.mark.parametrize(
    "arguments",
    [
        ["init", "{}"],
        ["schema", "{}"],
        ["schema", "x/{}"],
        ["validate", "{}"],
        ["validate", "{}", "--json"],
        ["plan", "{}"],
        ["apply", "{}"],
        ["show", "{}"],
        ["state", "show", "{}"],
        ["state", "forget", "{}"],
        ["state", "list", "{}"],
        ["get", "{}"],
        ["get", "patient", "{}"],
        ["api", "{}", "/"],
        ["api", "GET", "{}"],
        ["api", "GET", "/", "-H", "{}"],
        ["api", "GET", "/", "-f", "{}"],
        ["completion", "{}"],
        ["{}"],
        ["--{}"],
        ["plan", "--{}"],
        ["plan", "--target", "{}"],
        ["plan", "--parallelism", "{}"],
        ["status", "--listen", "{}"],
        ["sandbox", "connect", "--url", "{}"],
        ["sandbox", "serve", "--quirk", "{}"],
        ["sandbox", "emit", "{}"],
        ["sandbox", "serve", "--allow-host", "{}"],
        ["codes", "--cohort", "{}", "--sandbox"],
        ["version", "{}"],
        ["login", "--email", "{}", "--password-stdin"],
        ["plan", "--endpoint", "https://{}"],
        ["recordings", "{}"],
    ],
    ids=str,
)
def test_what_a_person_wrote_is_printed_without_acting(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KARDIA_API_KEY", "sandbox-key-of-a-test")
    monkeypatch.setenv("KARDIA_ENDPOINT", "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setattr(RetryPolicy, "wait", lambda *_: 0.0)
    for name in (HOSTILE, "::set-env name=A::b", f"a\n::error::{HOSTILE}"):
        run([argument.format(name.replace("/", "_")) for argument in arguments])
        out, err = capfd.readouterr()
        assert not RAW.search(out), out
        assert not RAW.search(err), err


@given(st.text() | st.text(st.sampled_from("\x1b[0m31;#:\n a\x9b\u202e")))
def test_lines_are_harmless_and_escaped_once(text: str) -> None:
    done = escape_lines(text)
    assert escape_lines(done) == done
    assert not RAW.search(re.sub("\x1b\\[(0|1|3[1236])m", "", done).replace("\x1b", ""))
    assert "\x1b" not in re.sub("\x1b\\[(0|1|3[1236])m", "", done)


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)
    )
)
@example({"##": HOSTILE, "::": ["::set-env::", "\U0001f600"]})
def test_json_is_harmless_and_the_same(value: Any) -> None:
    for indent in (None, 2):
        text = json_text(value, indent=indent)
        assert not RAW.search(text)
        assert json.loads(text) == value
    body = json.dumps(value, indent=1).replace("\n", "\r\n\t")
    assert json.loads(escape_json(body)) == value


def test_everything_is_printed_in_one_place() -> None:
    """click.echo, print and the streams are used by the console alone, which escapes what it prints."""
    allowed = {"cli/output/console.py", "cli/process.py"}  # process: one constant line, before the imports
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "click.echo",
                "click.secho",
                "print",
                "sys.stdout.write",
                "sys.stderr.write",
                "click.echo_via_pager",
            }:
                assert name in allowed, f"{name}:{node.lineno} prints {ast.unparse(node)[:60]}"


def test_without_the_console_an_escape_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Mutant: lines are printed as they are."""
    with (
        removed(console, "escape", str),
        removed(console, "escape_lines", str),
        pytest.raises(AssertionError),
    ):
        test_what_a_person_wrote_is_printed_without_acting(["init", "{}"], tmp_path, monkeypatch, capfd)
