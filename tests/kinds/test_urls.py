"""Which spellings of a URL are one URL, and which are not."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.kinds.urls import canonical

_SEGMENT = st.text(st.sampled_from("abcXYZ019-._~éß%20"), max_size=6).map(quote)
_PATHS = st.lists(_SEGMENT, max_size=3).map(lambda parts: "".join(f"/{part}" for part in parts))
_QUERIES = st.sampled_from(["", "?a=1&b=2", "?token=a%2Fb", "?"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://Hooks.Example.com", "https://hooks.example.com/"),
        ("HTTPS://hooks.example.com/", "https://hooks.example.com"),
        ("https://hooks.example.com:443/a", "https://hooks.example.com/a"),
        ("https://hooks.example.com:/a", "https://hooks.example.com/a"),
        ("https://hooks.example.com:08443/a", "https://hooks.example.com:8443/a"),
        ("https://hooks.example.com?a=1", "https://hooks.example.com/?a=1"),
        ("https://hooks.example.com/%c3%a9", "https://hooks.example.com/%C3%A9"),
        ("https://hooks.example.com/é", "https://hooks.example.com/%C3%A9"),
        ("https://hooks.example.com/%7Eann/%61", "https://hooks.example.com/~ann/a"),
        ("https://bücher.example.com/", "https://xn--bcher-kva.example.com/"),
    ],
)
def test_spellings_of_one_url_are_equal(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://hooks.example.com/kardia", "https://hooks.example.com/Kardia"),
        ("https://hooks.example.com/kardia", "https://hooks.example.com/kardia/"),
        ("https://hooks.example.com/", "https://hooks.example.com//"),
        ("https://hooks.example.com/a%2Fb", "https://hooks.example.com/a/b"),
        ("https://hooks.example.com/?a=1&b=2", "https://hooks.example.com/?b=2&a=1"),
        ("https://hooks.example.com/?a=X", "https://hooks.example.com/?a=x"),
        ("https://hooks.example.com/?", "https://hooks.example.com/"),
        ("https://hooks.example.com/a+b", "https://hooks.example.com/a%20b"),
        ("https://hooks.example.com:80/", "https://hooks.example.com/"),
        ("http://hooks.example.com/", "https://hooks.example.com/"),
        ("https://hooks.example.com/", "https://hooks.example.org/"),
        ("https://hooks.example.com/%zz", "https://hooks.example.com/%ZZ"),
        ("", "https://hooks.example.com/"),
    ],
)
def test_what_the_receiver_could_tell_apart_differs(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(_PATHS, _QUERIES, st.sampled_from(["", ":443", ":"]), st.booleans())
def test_every_rewriting_of_a_url_is_that_url(path: str, query: str, port: str, capital: bool) -> None:
    plain = f"https://hooks.example.com{path or '/'}{query}"
    host = "Hooks.EXAMPLE.com" if capital else "hooks.example.com"
    lower = "".join(part.lower() if part.startswith("%") else part for part in _escapes(path + query))
    assert canonical(f"HttpS://{host}{port}{lower}") == canonical(plain)
    assert canonical(canonical(plain)) == canonical(plain)


@given(st.text())
def test_any_text_has_one_form(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


def _escapes(text: str) -> list[str]:
    """The text in parts, of which each escape is one."""
    first, *others = text.split("%")
    return [first, *(part for rest in others for part in (f"%{rest[:2]}", rest[2:]))]
