"""A scanner that cannot find anything proves nothing: here it finds what was planted."""

import gzip
import html
import json
import sqlite3
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.model.patient import DesiredPatient
from tests.canary.scanner import SHORTEST, Scanner, spellings

VALUE = 'Zq"lást/náme & co'

PLANTED: dict[str, Callable[[str], str | bytes]] = {
    "as it is": lambda value: f"who is {value}?",
    "in capitals": str.upper,
    "in small letters": str.lower,
    "in a JSON document": lambda value: json.dumps({"name": value}),
    "in JSON without escapes": lambda value: json.dumps([value], ensure_ascii=False),
    "in JSON in JSON": lambda value: json.dumps({"body": json.dumps({"name": value})}),
    "in a URL": lambda value: f"https://example.com/?name={quote(value)}&x=1",
    "in a form": lambda value: urlencode({"firstname": "A", "lastname": value, "sex": "1"}),
    "in a URL in a URL": lambda value: quote_plus(quote(value, safe="")),
    "in a URL in small letters": lambda value: quote(value, safe="").lower(),
    "every byte of it in a URL": lambda value: "".join(f"%{byte:02X}" for byte in value.encode()),
    "in hex": lambda value: f"0x{value.encode().hex()}00",
    "in hex in capitals": lambda value: value.encode().hex().upper(),
    "in base64": lambda value: b64encode(value.encode()),
    "in base64 one byte later": lambda value: b64encode(b"a" + value.encode() + b"tail"),
    "in base64 two bytes later": lambda value: b64encode(b"ab" + value.encode() + b"t"),
    "in an Authorization header": lambda value: b"Basic " + b64encode(value.encode() + b":"),
    "in base64 for URLs": lambda value: urlsafe_b64encode(b"/?" + value.encode() + b"?>"),
    "in HTML": lambda value: f"<p>{html.escape(value)}</p>",
    "in a repr": lambda value: repr({"name": value}),
    "in an ASCII repr": ascii,
    "in UTF-16": lambda value: value.encode("utf-16"),
    "in Latin-1": lambda value: value.encode("latin-1"),
    "in a traceback": lambda value: f'  File "x.py", line 1\nValueError: {value!r}\n',
}


@pytest.mark.parametrize("how", PLANTED)
def test_what_was_planted_is_found(how: str) -> None:
    assert Scanner({"lastname": VALUE}).hits(PLANTED[how](VALUE))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=8, max_size=20),
    st.sampled_from([how for how in PLANTED if how != "in Latin-1"]),
    st.binary(max_size=5),
)
def test_any_value_is_found_in_any_spelling(value: str, how: str, before: bytes) -> None:
    if how in ("in capitals", "in small letters", "in a URL in small letters") and not value.isascii():
        return  # the letters of some alphabets have no other case of the same length
    planted = PLANTED[how](value)
    raw = planted.encode() if isinstance(planted, str) else planted
    assert Scanner({"value": value}).hits(before + raw)


def test_it_is_found_in_a_database(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        connection.execute("CREATE TABLE kept (value TEXT)")
        connection.execute("INSERT INTO kept VALUES (?)", (VALUE,))
    assert Scanner({"lastname": VALUE}).hits((tmp_path / "x.db").read_bytes()) == ["lastname (raw)"]


def test_nothing_is_found_where_nothing_is() -> None:
    text = repr(DesiredPatient("P-1", "1931-05-17", "zq@example.com", "Zq", VALUE)) + "lastname: (hidden)"
    assert not Scanner({"lastname": VALUE}).hits(text)


def test_a_value_that_stands_everywhere_by_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        Scanner({"sex": "1"})
    assert all(len(pattern) >= SHORTEST for _, pattern in spellings(b"1" * SHORTEST))


def test_what_is_compressed_is_not_found_and_so_nothing_compressed_may_be_written() -> None:
    """A bound of the scanner: the test of the commands looks at no compressed file because there is none."""
    assert not Scanner({"lastname": VALUE}).hits(gzip.compress(VALUE.encode()))
