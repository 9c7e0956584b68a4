"""The key in every form: what each document shows, and what a lenient sandbox takes besides."""

from base64 import b64encode
from collections.abc import Callable

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.endpoints import ROUTES
from kardia_ctl.sandbox.quirks import Quirks, Strictness

Connect = Callable[..., httpx.AsyncClient]
LENIENT = Quirks(strictness=Strictness.LENIENT)


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


BASIC, BEARER, BARE = basic(f"{API_KEY}:"), f"Bearer {API_KEY}", API_KEY
WRONG = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer other",
    "other",
    "Basic",
    "Basic !!!",
    basic("other:"),
    f"Token {API_KEY}",
]


async def ask(client: httpx.AsyncClient, path: str, header: str | None) -> httpx.Response:
    client.auth = httpx.Auth()
    return await client.get(path, headers={} if header is None else {"authorization": header})


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("/v1/callback", BASIC, 200),
        ("/v1/callback", BEARER, 401),
        ("/v1/callback", BARE, 401),
        ("/e/v1/callback", BASIC, 401),
        ("/e/v1/callback", BEARER, 200),
        ("/e/v1/callback", BARE, 200),
    ],
)
async def test_a_strict_sandbox_takes_what_each_document_shows(
    connect: Connect, path: str, header: str, status: int
) -> None:
    assert (await ask(connect(), path, header)).status_code == status


@pytest.mark.parametrize("path", ["/v1/callback", "/e/v1/callback"])
@pytest.mark.parametrize("header", [BASIC, BEARER, BARE, basic(f"{API_KEY}:password"), f"bearer {API_KEY}"])
async def test_a_lenient_sandbox_takes_every_form_on_both_apis(
    connect: Connect, path: str, header: str
) -> None:
    assert (await ask(connect(LENIENT), path, header)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/callback", "/e/v1/callback"])
@pytest.mark.parametrize("header", WRONG)
@pytest.mark.parametrize("quirks", [Quirks(), LENIENT])
async def test_no_sandbox_takes_a_wrong_key(
    connect: Connect, path: str, header: str | None, quirks: Quirks
) -> None:
    response = await ask(connect(quirks), path, header)
    assert response.status_code == 401
    assert response.json()["errors"][0]["status"] == "401"
    assert response.headers["www-authenticate"].startswith("Bearer" if path.startswith("/e/") else "Basic")


@pytest.mark.parametrize("quirks", [Quirks(), LENIENT])
async def test_every_endpoint_but_the_login_needs_a_key(connect: Connect, quirks: Quirks) -> None:
    client = connect(quirks)
    client.auth = httpx.Auth()
    for endpoint in ROUTES:
        path = endpoint.path.format(id="A", spid="B")
        expected = 400 if path == "/v1/apikey" else 401
        assert (await client.request(endpoint.method, path)).status_code == expected, path


def test_a_new_account_takes_the_one_key_that_it_was_given() -> None:
    with Account(api_key="mine") as account:
        assert account.keys.all() == ["mine"]
