"""A text makes no work beyond its size: kind 17, in every format but workbooks."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.config.cohorts.formats.blocks import Block
from kardia_ctl.config.cohorts.formats.cell_places import cell_begin
from kardia_ctl.config.cohorts.formats.fhir import bundle
from kardia_ctl.config.source_files import InvalidContent, matches
from kardia_ctl.model.errors import ConfigurationError
from tests.attacks.hostile.bounded import checked, refused

TEXTS = {
    "c.csv, a row over many lines": ("c.csv", b"mrn,dob,email\n" + b'"\n",' * 3_000_000),
    "c.csv, many columns": ("c.csv", b"a," * 1_900_000 + b"\n"),
    "c.csv, equal long headers": ("c.csv", b",".join([b"a" * 4000] * 300) + b"\n"),
    "c.csv, equal headers of many separators": (
        "c.csv",
        b",".join([b'"%s"' % (b"," * 1500)] * 900) + b"\n",
    ),
    "c.csv, errors in one cell after many": (
        "c.csv",
        b'mrn,dob,email,x,codes\nP,2000-01-01,p@example.com,"%s",%s\n'
        % (b"," * 90_000, b";".join(b"b%d" % number for number in range(10_000))),
    ),
    "c.csv, a line that never ends": ("c.csv", b"mrn,dob" * 2_000_000),
    "c.ndjson, a line that never ends": ("c.ndjson", b"[" * 6_000_000),
    "c.ndjson, a deep line": ("c.ndjson", b"[" * 3_000_000 + b"\n"),
    "c.ndjson, errors in one value after a long one": (
        "c.ndjson",
        b'{"x": "%s", "mrn": "P", "dob": "2000-01-01", "email": "p@example.com", "codes": [%s]}\n'
        % (b"x" * 3_000_000, b",".join(b'"b%d"' % number for number in range(30_000))),
    ),
    "c.json, much beside the entries, and cut": (
        "c.json",
        b'{"resourceType": "Bundle", '
        + b",".join(b'"k%d": [%s]' % (number, b",".join([b"{}"] * 200_000)) for number in range(12))
        + b', "entry": [{}]',
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_makes_no_work_beyond_its_size(tmp_path: Path, name: str) -> None:
    file, data = TEXTS[name]
    assert f"{file}:" in checked(tmp_path, data, file, ", identifier: x" if file.endswith(".json") else "")


@pytest.mark.parametrize(
    "data", [b"[" + b"a," * 150_000 + b"a]", b"patients: [" + b"[],[],[],[],\n" * 30_000 + b"[]]"]
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


def deep(times: int) -> str:
    return "/".join(["**"] * times)


TAGS = "".join(f"%TAG !{number:x}! x\n" for number in range(150_000))
COHORT = "cohorts: {c: {source: c.csv}}\ntemplates:\n"
TEMPLATE = ": 4qq0q0tSkSKziiUcyjOYbpi9whdo7403\n"
DECLARATIONS = {
    "many tags that are declared": f"{TAGS}---\nversion: 1\n",
    "the same after the document": f"version: 1\n...\n{TAGS}",
    "a pattern that goes down often": f'version: 1\ninclude: ["{"**/*/" * 10}*.yml"]\n',
    "a pattern that goes down again and again": f'version: 1\ninclude: ["{deep(12)}/*.yml"]\n',
    "long names that are nearly equal": f"version: 1\n{COHORT}"
    + "".join(f"  {'ab' * 45}{number:05}{TEMPLATE}" for number in range(900)),
    "another name in every row": f"version: 1\n{COHORT}"
    + "".join(f"  {'ab' * 20}{number}{TEMPLATE}" for number in range(300)),
}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_declaration_makes_no_work_beyond_its_size(tmp_path: Path, name: str) -> None:
    tmp_path.joinpath(*["d"] * 40).mkdir(parents=True)
    label, count = ("ba" * 45, 900) if "nearly" in name else ("ba" * 20, 2000)
    rows = (f"P-{row},2000-01-01,p@example.com,{label}{row:05}\n" for row in range(count))
    (tmp_path / "c.csv").write_text("mrn,dob,email,codes\n" + "".join(rows))
    found = refused(tmp_path, DECLARATIONS[name])
    assert "kardia.yaml:" in found or "c.csv:" in found


class ReadAnew:
    """A parser that has no event for what it is sent, and counts what it reads: a text from its beginning."""

    def __init__(self) -> None:
        self.held = self.read = 0

    def basic_parse_coro(self, *_: object, **__: object) -> "ReadAnew":
        return self

    def send(self, piece: bytes) -> None:
        self.held += len(piece)
        self.read += self.held

    def close(self) -> None:
        """Nothing is left."""


def test_a_long_text_in_a_bundle_is_not_read_again_with_each_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = ReadAnew()
    monkeypatch.setattr(bundle, "_backend", lambda: parser)
    text = '{"a": "' + "\\u0041" * 500_000
    with pytest.raises(InvalidContent, match="not a FHIR Bundle"):
        list(bundle.Bundle().entries(iter([Block(text, 1, 0)])))
    assert parser.held == len(text)
    assert parser.read < 8 * len(text)


def test_a_pattern_may_go_down_twice(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "d.yaml").write_text("")
    for written in ("**/**/**/*.yaml", "**/b/**/*.yaml", "a/**/**/c/d.yaml"):
        assert list(matches(tmp_path, PurePosixPath(written))) == [PurePosixPath("a/b/c/d.yaml")]
