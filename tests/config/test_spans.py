"""Byte offsets and ends, checked against the bytes of the file."""

from pathlib import Path

import pytest

from kardia_ctl.config import load
from kardia_ctl.config.spans import extents
from kardia_ctl.model.errors import ConfigurationError

YAML = b"""version: 1
patients:
  - {mrn: "\xc3\xb6-1", dob: '2000-13-01', email: a@example.com}
cohorts:
  c: {source: c.csv}
  d: {source: d.ndjson}
settle: "long"
"""
CSV = b'mrn,dob,email,lastname\n"\xc3\xb6,2",wrong,"not, one",\nA,2000-07-21\n'
NDJSON = b'{"mrn": "\xc3\xb6", "dob": "2000-1-1", "email": 7}\n'


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_bytes_of_an_extent_are_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"kardia.yaml": mark + YAML, "c.csv": mark + CSV, "d.ndjson": mark + NDJSON}
    for name, content in files.items():
        Path(name).write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load(Path(), {})
    sources = [problem.source for problem in caught.value.problems]
    found = extents(sources)
    cut = {files[place.file][one.byte : one.end_byte] for place, one in found.items()}
    assert cut == {b"'2000-13-01'", b'"long"', b"wrong", b'"not, one"', b"A", b"7"}
    assert set(found) == set(sources)
    for place, one in found.items():
        before = files[place.file].removeprefix(mark)[: one.end_byte - len(mark)].decode()
        assert one.end_line == before.count("\n") + 1
        assert one.end_column == len(before) - before.rfind("\n")


def test_a_file_that_is_gone_has_no_extents() -> None:
    from kardia_ctl.model.source import Source

    assert extents([Source("gone.yaml", 1, 1), Source("gone.xlsx", 1, 1)]) == {}
