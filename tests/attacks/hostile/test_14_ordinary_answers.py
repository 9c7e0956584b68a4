"""Answers that succeed may repeat the key, or somebody's name, in any of their fields: neither is shown."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import httpx
import pytest

from kardia_ctl.api import client
from kardia_ctl.api.http.transport import Transport
from kardia_ctl.cli.commands.get import list_output
from kardia_ctl.render.records import visibility
from kardia_ctl.sandbox.data.invented import API_KEY as SANDBOX_KEY
from tests.attacks.safeguards import removed
from tests.canary.desk import in_memory, inner_desk
from tests.canary.watch import API_KEY, OURS, Chunks, Watch, watched

NAME: Final = f"{OURS[0].firstname} {OURS[0].lastname}"


@pytest.fixture(autouse=True)
def addresses_as_on_a_terminal() -> None:
    """Nothing is shown as on a terminal."""


class Altered(httpx.AsyncBaseTransport):
    """An account in whose answers every field of a name has another value."""

    def __init__(self, account: httpx.AsyncBaseTransport, field: str, value: str) -> None:
        self._account, self._field, self._value = account, field, value

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._account.handle_async_request(request)
        body = await response.aread()
        if body[:1] not in {b"{", b"["}:
            return httpx.Response(response.status_code, stream=Chunks(body))
        body = json.dumps(self._replaced(json.loads(body))).encode()
        headers = {"content-type": "application/json"}
        return httpx.Response(response.status_code, headers=headers, stream=Chunks(body))

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: self._value if name == self._field else self._replaced(inner)
                for name, inner in value.items()
            }
        return list(map(self._replaced, value)) if isinstance(value, list) else value


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        monkeypatch.chdir(opened.desk.path)
        monkeypatch.setattr("kardia_ctl.api.limits.retry.RetryPolicy.wait", lambda *_: 0.0)
        opened.allowed.add(opened.desk.path / ".kardia" / "key")
        yield opened


def alter(watch: Watch, field: str, value: str) -> None:
    watch.wire.account = Altered(watch.wire.account, field, value)


FIELDS: Final = ("status", "templateName", "teamID", "templateId", "name", "url", "id", "endCursor")


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_leads_to_the_key(watch: Watch, field: str) -> None:
    path = str(watch.desk.path)
    watch.apply("--target", "patient/QZMRN-3")
    alter(watch, field, f"x {API_KEY} x")
    told = watch.plan().told + watch.plan("--json").told + watch.apply().told
    told += watch.run("status", path).told + watch.run("state", "list", path).told
    for what in ("patients", "templates", "teams"):
        told += watch.run("get", what).told
    assert API_KEY not in told


def test_a_new_key_is_read_as_it_is_although_it_is_the_old_one() -> None:
    """The answer to rotate-key alone is a key."""
    with in_memory() as place, inner_desk(place / "clinic", "version: 1\n") as desk:
        desk.wire = Altered(desk.wire, "apiKey", SANDBOX_KEY)
        desk.run("rotate-key", "--out", str(place / "new.key"), "--auto-approve")
        assert (place / "new.key").read_text().strip() == SANDBOX_KEY


@pytest.mark.parametrize(
    ("what", "field"), [("patients", "status"), ("templates", "templateName"), ("teams", "name")]
)
@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_no_free_text_of_a_list_names_anybody(watch: Watch, what: str, field: str, form: list[str]) -> None:
    watch.apply("--target", "patient/QZMRN-3")
    alter(watch, field, NAME)
    ran = watch.run("get", what, *form)
    assert (ran.code, "[hidden]" in ran.out) == (0, True), ran.told


def test_a_free_text_without_a_name_stays(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.apply("--target", "patient/QZMRN-3")
    assert "none" in watch.run("get", "patients").out
    assert "KardiaMobile + 1 Year Connection" in watch.run("get", "templates").out
    (watch.place / "nothing").mkdir()
    monkeypatch.chdir(watch.place / "nothing")
    assert "KardiaMobile + 1 Year Connection" in watch.run("get", "templates").out


def test_without_the_replacement_a_field_shows_the_key(watch: Watch) -> None:
    def without(*arguments: Any, **options: Any) -> Transport:
        return Transport(*arguments, **{**options, "secrets": ()})

    with removed(client, "Transport", without), pytest.raises(AssertionError, match="KARDIA_API_KEY"):
        test_no_field_leads_to_the_key(watch, "templateName")


def test_without_the_guard_a_status_names_somebody(watch: Watch) -> None:
    unguarded = partial(visibility.visible_record, guard=str)
    with (
        removed(
            list_output,
            "visible_record",
            lambda row, shape, _guard, *, show_phi: unguarded(row, shape, show_phi=show_phi),
        ),
        pytest.raises(AssertionError, match="MRN-1"),
    ):
        test_no_free_text_of_a_list_names_anybody(watch, "patients", "status", [])
