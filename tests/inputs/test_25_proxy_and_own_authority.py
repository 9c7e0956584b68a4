"""Input 25: why a connection failed is said as it was seen, with what helps, and only once."""

import asyncio
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.api.http.peer import answering, served, server_trust
from tests.attacks.processes import Site, site

_FOLDER = Path(__file__).parent / "25-proxy-and-own-authority"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as opened:
        shutil.copytree(_FOLDER, opened.path, dirs_exist_ok=True)
        opened.environ["KARDIA_API_KEY"] = "0123456789abcdef0123"
        yield opened


def planned(here: Site, endpoint: str, **environ: str) -> str:
    """What a plan of an endpoint that cannot be reached says."""
    here.environ |= {"KARDIA_ENDPOINT": endpoint, **environ}
    code, _, err = here.run("plan")
    assert code == 1
    assert "0123456789abcdef0123" not in err
    assert len(err.strip().splitlines()) == 1, err
    return err


def closed_port() -> int:
    """A port of this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def of_tls(here: Site, run: Callable[[str], str]) -> str:
    async def story() -> str:
        async with served(answering(), server_trust()) as peer:
            return await asyncio.to_thread(run, f"https://localhost:{peer.port}")

    return asyncio.run(story())


def test_an_unknown_authority_is_named_with_ca_file_and_not_tried_again(here: Site) -> None:
    text = of_tls(here, lambda endpoint: planned(here, endpoint))
    assert "the certificate of localhost:" in text
    assert "is signed by an authority that is not trusted here" in text
    assert "--ca-file" in text
    assert "tries" not in text


def test_a_port_without_a_server_is_named(here: Site) -> None:
    port = closed_port()
    text = planned(here, f"https://127.0.0.1:{port}")
    assert f"127.0.0.1:{port} refused the connection" in text
    assert "proxy" not in text


def test_a_name_that_is_not_found_is_said_once(here: Site) -> None:
    text = planned(here, "https://nobody.invalid")
    assert "the name of nobody.invalid:443 was not found" in text
    assert "tries" not in text


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_of_other_programs_is_named_with_ours(here: Site, name: str) -> None:
    secret = "quiet-password"
    text = planned(here, "https://nobody.invalid", **{name: f"http://joe:{secret}@proxy.example.com:3128"})
    assert f"{name} is set, and not used" in text
    assert "--proxy" in text
    assert secret not in text


def test_a_proxy_of_ours_that_is_not_there_is_what_is_named(here: Site) -> None:
    port = closed_port()
    text = planned(here, "https://nobody.invalid", KARDIA_PROXY=f"http://joe:quiet@127.0.0.1:{port}")
    assert f"127.0.0.1:{port} refused the connection" in text
    assert "quiet" not in text


@pytest.mark.parametrize("place", ["KARDIA_API_KEY", "a file"])
def test_a_refused_key_is_named_by_its_place_and_sent_once(here: Site, place: str) -> None:
    words = ["plan"]
    if place == "a file":
        (here.path / "the.key").write_text("another-invented-key-0123")
        words += ["--api-key-file", "the.key"]
        place = "the.key"
    code, _, err = here.run(*words)
    assert code == 1
    assert f"check the key in {place}" in err
    assert len(here.account.requests.all()) <= 1
