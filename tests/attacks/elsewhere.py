"""Another account behind the same address: what a wrong key reaches, with templates of any form."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.cli.conftest import Desk

TEMPLATES = "/v1/teamConnectionTemplate"


def template(team: str, number: int = 1) -> dict[str, object]:
    return {
        "teamID": team,
        "templateName": f"Connection {number}",
        "templateId": f"tpl-{number}",
        "duration": 365,
        "price": 9.99,
    }


@contextmanager
def elsewhere(
    desk: Desk, account: Account, answer: tuple[int, object] | None = None, quirks: Quirks | None = None
) -> Iterator[None]:
    """Serve ``account`` where the desk's account was; ``answer`` (status, JSON) are its templates."""
    app = create_app(account, quirks or Quirks())

    async def served(scope: Any, receive: Any, send: Any) -> None:
        if answer is None or scope.get("path") != TEMPLATES:
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": answer[0], "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer[1]).encode()})

    with serving(served) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KARDIA_ENDPOINT", url)
        home, seen = desk.account, desk.seen
        desk.account, desk.seen = account, len(account.requests.all())
        try:
            yield
        finally:
            desk.account, desk.seen = home, seen
