"""Which URLs Kardia may be told to post patients' events to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.kinds.callback import normalise, url_problem


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/kardia",
        "https://hooks.example.com:8443/kardia?tenant=1",
        "https://HOOKS.example.com",
        "https://hooks.example.com./kardia",
        "https://bücher.example.com/",
        "https://0xhooks.example.com/",
        "https://123.example.com/",
    ],
)
def test_a_public_https_url_is_right(url: str) -> None:
    assert url_problem(url, ()) is None
    assert (
        url_problem(
            url, ("Hooks.example.com", "bücher.example.com", "0xhooks.example.com", "123.example.com")
        )
        is None
    )


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://hooks.example.com/kardia", "not https"),
        ("ftp://hooks.example.com/kardia", "not https"),
        ("hooks.example.com/kardia", "not https"),
        ("https://joe@hooks.example.com/", "user name or password"),
        ("https://joe:secret@hooks.example.com/", "user name or password"),
        ("https://:@hooks.example.com/", "user name or password"),
        ("https:///kardia", "no usable host"),
        ("https://", "no usable host"),
        ("https://hooks.example.com:0/", "no usable host"),
        ("https://hooks.example.com/a b", "no usable host"),
        ("https://hooks.example.com\\@evil.example.com/", "user name or password"),
        ("https://hooks.example.com\\.evil.example.com/", "no usable host"),
        ("https://hooks.example.com/#part", "fragment"),
        ("https://127.0.0.1/kardia", "IP address"),
        ("https://8.8.8.8/kardia", "IP address"),
        ("https://[::1]/kardia", "IP address"),
        ("https://[2001:db8::1]:443/", "IP address"),
        ("https://127.1/", "IP address"),
        ("https://2130706433/", "IP address"),
        ("https://localhost/", "not public"),
        ("https://LOCALHOST./", "not public"),
        ("https://api.localhost/", "not public"),
        ("https://kardia.internal/", "not public"),
        ("https://printer.local/", "not public"),
        ("https://intranet/", "not public"),
        ("https://[::1/", "cannot be read"),
        ("https://hooks.example.com:port/", "cannot be read"),
        ("https://hooks.example.com:99999/", "cannot be read"),
    ],
)
def test_a_url_that_could_leak_events_is_refused(url: str, told: str) -> None:
    found = url_problem(url, ())
    assert found is not None
    assert told in found[0]


def test_callback_hosts_is_an_allowlist_of_whole_names() -> None:
    allowed = ("hooks.example.com",)
    assert url_problem("https://hooks.example.com/", allowed) is None
    assert url_problem("https://evil.hooks.example.com/", allowed) is not None
    assert url_problem("https://hooks.example.com.evil.org/", allowed) is not None


@given(st.text() | st.text().map(lambda text: f"https://{text}"))
def test_any_text_gets_a_verdict(url: str) -> None:
    found = url_problem(url, ())
    assert found is None or found[0].startswith("the url")


def test_a_verdict_repeats_no_password() -> None:
    assert "hunter2" not in str(url_problem("https://joe:hunter2@hooks.example.com/", ()))


def test_urls_are_compared_byte_for_byte() -> None:
    assert normalise("url", "https://a.example.com/X/") == "https://a.example.com/X/"
