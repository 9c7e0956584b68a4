"""A stale plan says which files changed, and whether only the form of their text did."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config.content_digests import ContentHash
from kardia_ctl.config.loader import load
from kardia_ctl.model.source import ConfigurationPart, PartKind
from kardia_ctl.planning.saved import parts as parts_module
from kardia_ctl.planning.saved.parts import changed_parts, part_digests
from tests.attacks.safeguards import removed

KEY = b"an invented key for saved plans."
MRN = "JS-20000721"
BOM = b"\xef\xbb\xbf"
FILES = {
    "kardia.yaml": b"version: 1\nteam: '${TEAM}'\ninclude: [p/*.yaml]\ncohorts: {c: {source: c.csv}}\n",
    "c.csv": b"mrn,dob,email\nV-1,1970-02-03,v1@example.com\n",
    f"p/{MRN}.yaml": b"patients: []\n",
}
TEAM = {"TEAM": "t"}


def hashed(*chunks: bytes) -> ContentHash:
    total = ContentHash()
    for chunk in chunks:
        total.update(chunk)
    return total


def parts_of(
    directory: Path, files: dict[str, bytes], environ: dict[str, str]
) -> tuple[ConfigurationPart, ...]:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return load(directory, environ).parts


CHANGES = [
    ({}, {}, ""),
    ({"c.csv": FILES["c.csv"].replace(b"\n", b"\r\n")}, {}, "c.csv (only its line ends)"),
    ({"c.csv": FILES["c.csv"].rstrip()}, {}, "c.csv (only its line ends)"),
    ({"c.csv": BOM + FILES["c.csv"]}, {}, "c.csv (only its byte order mark or its line ends)"),
    (
        {"c.csv": BOM + FILES["c.csv"].replace(b"\n", b"\r\n")},
        {},
        "c.csv (only its byte order mark or its line ends)",
    ),
    ({"c.csv": FILES["c.csv"].replace(b"V-1", b"V-2")}, {}, "c.csv"),
    (
        {"c.csv": FILES["c.csv"].replace(b"\n", b"\r\n").replace(b"V-1", b"V-2")},
        {},
        "c.csv",
    ),
    (
        {"kardia.yaml": FILES["kardia.yaml"] + b"# the clinic\r\n"},
        {},
        "kardia.yaml",
    ),
    ({"p/other.yaml": b"patients: []\n"}, {}, "p/other.yaml (new)"),
    ({f"p/{MRN}.yaml": None}, {}, "1 of what it was made from is no longer used"),
    ({}, {"TEAM": "u"}, "the environment variable TEAM"),
]


@pytest.mark.parametrize(("files", "environ", "expected"), CHANGES)
def test_what_changed_is_named(
    tmp_path: Path, files: dict[str, bytes | None], environ: dict[str, str], expected: str
) -> None:
    saved = part_digests(KEY, parts_of(tmp_path / "a", FILES, TEAM))
    after = {name: content for name, content in {**FILES, **files}.items() if content is not None}
    if f"p/{MRN}.yaml" not in after:
        after["p/kept.yaml"] = b"patients: []\n"
        expected = f"p/kept.yaml (new), {expected}"
    now = parts_of(tmp_path / "b", after, {**TEAM, **environ})
    assert changed_parts(saved, now, KEY) == expected


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    parts = tuple(ConfigurationPart(PartKind.FILE, f"{n}.yaml", b"", b"") for n in range(12))
    assert changed_parts((), parts, KEY) == ", ".join(
        [*(f"{n}.yaml (new)" for n in range(parts_module.SHOWN)), "7 more"]
    )


def test_a_part_in_a_plan_has_no_name_and_no_digest_that_anybody_can_compute(tmp_path: Path) -> None:
    parts = parts_of(tmp_path, FILES, TEAM)
    written = repr(part_digests(KEY, parts))
    assert "csv" not in written
    assert MRN not in written
    assert not [part.name for part in parts if part.content.hex() in written or part.text.hex() in written]
    with removed(parts_module, "digest", lambda _, texts: "".join(texts)):
        assert MRN in repr(part_digests(KEY, parts))


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b"b\r\n", b"c\n", b""])), st.booleans())
def test_the_text_is_the_same_wherever_the_chunks_end(chunks: list[bytes], bom: bool) -> None:
    begun = [BOM] if bom else []
    whole = b"".join(chunks)
    text = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not text.endswith(b"\n"):
        text += b"\n"
    total = hashed(*begun, *chunks)
    assert total.text() == hashed(text).content()
    assert total.content() == hashed(BOM * bom + whole).content()
    assert total.bom == bom


def test_a_text_that_differs_is_another() -> None:
    texts = [b"a\n", b"a\n\n", b"a b\n", b"b\n", b" a\n", b"A\n"]
    assert len({hashed(text).text() for text in texts}) == len(texts)
