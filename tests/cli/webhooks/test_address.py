"""``--listen`` and ``--path`` as they are written."""

import click
import pytest

from kardia_ctl.cli.webhooks.listen_address import ListenAddress, hook_path, listen_address


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("9000", "127.0.0.1", 9000, True),
        ("0", "127.0.0.1", 0, True),
        ("127.0.0.1:9000", "127.0.0.1", 9000, True),
        ("localhost:9000", "127.0.0.1", 9000, True),
        ("[::1]:9000", "::1", 9000, True),
        ("0.0.0.0:9000", "0.0.0.0", 9000, False),
        ("[::]:9000", "::", 9000, False),
        ("10.0.0.5:9000", "10.0.0.5", 9000, False),
        ("ward.example.com:65535", "ward.example.com", 65535, False),
    ],
)
def test_without_a_host_this_machine_alone_is_meant(text: str, host: str, port: int, loopback: bool) -> None:
    found = listen_address(text)
    assert (found, found.is_loopback) == (ListenAddress(host, port), loopback)


@pytest.mark.parametrize(
    "text", ["", "x", ":9000", "65536", "127.0.0.1", "::1:9000", "http://x:1", "1:2:3", "9000/"]
)
def test_what_is_no_address_is_an_error_that_shows_one(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"write 127\.0\.0\.1:9000"):
        listen_address(text)


@pytest.mark.parametrize("text", ["/", "/hooks/kardia", "/a-b_c.d~9/"])
def test_a_path_is_taken_as_it_is(text: str) -> None:
    assert hook_path(text) == text


@pytest.mark.parametrize("text", ["", "hooks-qz77", "/hooks qz77", "/hooks?qz77", "/%qz77", "/{qz77}"])
def test_a_path_that_is_none_is_not_repeated(text: str) -> None:
    with pytest.raises(click.BadParameter, match="begins with /") as refused:
        hook_path(text)
    assert "qz77" not in refused.value.message


def test_the_url_of_an_address() -> None:
    assert ListenAddress("127.0.0.1", 0).url(9) == "http://127.0.0.1:9"
    assert ListenAddress("::1", 9).url(9) == "http://[::1]:9"
