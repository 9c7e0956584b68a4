"""A text makes no work beyond its size: kind 17, in every format but workbooks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.config.cohorts.formats.csv import cell_begin
from kardia_ctl.model.errors import ConfigurationError
from tests.attacks.hostile.bounded import checked

TEXTS = {
    "c.csv, a row over many lines": ("c.csv", b"mrn,dob,email\n" + b'"\n",' * 3_000_000),
    "c.csv, many columns": ("c.csv", b"a," * 1_900_000 + b"\n"),
    "c.csv, equal long headers": ("c.csv", b",".join([b"a" * 4000] * 300) + b"\n"),
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
