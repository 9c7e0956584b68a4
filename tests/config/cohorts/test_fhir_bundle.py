"""A Bundle's entries are what json reads of them, however the file is cut into pieces."""

import json
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kardia_ctl.config.cohorts.formats.blocks import LONGEST_LINE, json_blocks
from kardia_ctl.config.cohorts.formats.fhir import bundle, bundle_tree
from kardia_ctl.config.source_files import InvalidContent
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading
from tests.config.cohorts.fhir_patients import SYSTEM as SYSTEM_OF
from tests.config.cohorts.fhir_patients import bundle as bundle_text
from tests.config.cohorts.fhir_patients import patient

SYSTEM = "https://hospital.example.com/mrn"
HEAD = '{"resourceType": "Bundle", "entry": '

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cn", "Zl", "Zp"], exclude_characters="\x7f\ufeff"))
TEXTS = TEXTS.filter(lambda text: not any("\x80" <= mark <= "\x9f" for mark in text))
NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda value: st.lists(value, max_size=3) | st.dictionaries(TEXTS, value, max_size=3),
    max_leaves=10,
)


def read(text: str, size: int = 50) -> list[tuple[int, Any]]:
    data = text.encode()
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    return [
        (entry.number, None if entry.is_broken else entry.content.get("resource"))
        for entry in bundle.Bundle().entries(json_blocks(chunks))
    ]


@given(
    st.lists(VALUES, max_size=4),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
    st.integers(1, 30),
    st.integers(1, 60),
)
@example([{"a": "\U0001f600\u00e9\\ud800\\\\"}, {}, []], None, True, 1, 1)
def test_entries_are_what_json_reads(
    resources: list[Any], indent: int | None, ascii_only: bool, piece: int, size: int
) -> None:
    entries = [{"resource": value} for value in resources]
    text = json.dumps(
        {"resourceType": "Bundle", "entry": entries, "total": 1}, indent=indent, ensure_ascii=ascii_only
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "_PIECE", piece)
        assert read(text, size) == list(enumerate(resources, start=1))


@pytest.mark.parametrize("value", [r"\ud800", r"a\ud800", r"\ud800A", r"\ud800\u0041", r"\udc00", r"\uDFFFx"])
def test_half_a_character_never_becomes_another(value: str) -> None:
    (found,) = read(HEAD + f'[{{"resource": "{value}"}}]}}')
    assert not found[1].isprintable()


def test_half_a_character_in_an_mrn_is_a_problem_of_its_row(cohort: Loading) -> None:
    patient = (
        f'{{"resourceType": "Patient", "identifier": [{{"system": "{SYSTEM}", "value": "P\\ud800\\u0041"}}], '
        '"birthDate": "2000-07-21", "telecom": [{"system": "email", "value": "a@b.c"}]}'
    )
    said = f"identifier: '{SYSTEM}', on_bad_row: quarantine"
    found = cohort("c.json", HEAD + f'[{{"resource": {patient}}}]}}', said)
    (rejected,) = found.quarantines
    assert [line for line, _, _ in rejected.rows] == [1]
    assert "mrn has a character that cannot be printed" in rejected.rows[0][1]


@pytest.mark.parametrize(
    "entry", ['{"resource": {"id": 1, "id": 1}}', '{"a": [{"b": 1, "b": 2}], "resource": {}}']
)
def test_an_entry_with_two_equal_keys_has_no_resource(entry: str) -> None:
    assert read(HEAD + f'[{entry}, {{"resource": {{}}}}]}}') == [(1, None), (2, {})]


@pytest.mark.parametrize("number", ["1e99999999999999999999", "9" * 5000, "1e400"])
def test_a_number_that_no_type_holds_is_an_error_and_no_crash(number: str) -> None:
    with pytest.raises(InvalidContent, match="not valid JSON"):
        read(HEAD + f'[{{"resource": {number}}}]}}')


def test_nesting_is_bounded() -> None:
    depth = bundle_tree.DEPTH - 5
    assert read(HEAD + '[{"resource": ' + "[" * depth + "]" * depth + "}]}")
    with pytest.raises(InvalidContent, match="nested too deep"):
        read(HEAD + '[{"resource": ' + "[" * (depth + 10) + "]" * (depth + 10) + "}]}")


def test_an_error_has_the_line_of_its_piece() -> None:
    lines = ",\n".join('{"resource": {"id": "' + "x" * 100 + '"}}' for _ in range(500))
    with pytest.raises(InvalidContent) as caught:
        read(HEAD + "[\n" + lines + ",\n{,}\n]}")
    assert 440 < caught.value.line <= 502


def test_a_missing_c_extension_is_a_problem_at_the_cohort_with_the_command(
    cohort: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "ijson.backends.yajl2_c", raising=False)
    monkeypatch.setitem(sys.modules, "ijson.backends._yajl2", None)
    monkeypatch.delattr("ijson.backends._yajl2", raising=False)
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.json", HEAD + "[]}", f"identifier: '{SYSTEM}'")
    (problem,) = caught.value.problems
    assert str(problem) == (
        "kardia.yaml:3:23: reading a FHIR Bundle needs ijson's C extension, which is not installed. "
        "Run: pip install --force-reinstall --only-binary=ijson ijson; or export the patients as NDJSON"
    )


def test_a_bundle_may_be_one_line_of_any_length(cohort: Loading) -> None:
    entries = [{"resource": patient(f"P-{number}", text={"div": "x" * 1000})} for number in range(6000)]
    text = bundle_text(*entries)
    assert len(text) > LONGEST_LINE
    assert "\n" not in text
    assert len(cohort("c.json", text, f"identifier: '{SYSTEM_OF}'").desired.patients) == 6000


@pytest.mark.parametrize("damage", [b"\xe9", b"\x01", b"\xef\xbb\xbf"])
def test_an_error_in_a_long_line_has_its_column(damage: bytes) -> None:
    begin = (HEAD + "[" + '{"resource": {}}, ' * 100).encode()
    chunks = (begin + damage + b'{"resource": {}}]}',)
    pieces = (chunk[at : at + 50] for chunk in chunks for at in range(0, len(chunk), 50))
    with pytest.raises(InvalidContent) as caught:
        list(bundle.Bundle().entries(json_blocks(pieces)))
    assert (caught.value.line, caught.value.column) == (1, len(begin) + 1)
