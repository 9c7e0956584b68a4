"""The kinds beside the patients, through the table that the other rooms read."""

from typing import Any

import pytest

from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change


class Spy:
    """Stands for a reader and a writer: notes every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    async def setting(self, kind: Kind) -> str | None:
        self.calls.append(("callback", kind))
        return None if kind is Kind.CALLBACK else "https://hooks.example.com/"

    async def set_setting(self, kind: Kind, url: str) -> None:
        self.calls.append(("set_callback", kind, url))

    async def add_service_provider(self, team: str, provider: str) -> None:
        self.calls.append(("add_service_provider", team, provider))


def test_every_kind_stands_under_its_own_key() -> None:
    # Written out: these keys are in everybody's YAML, so they may not change with the table.
    assert {kind: definition.key for kind, definition in SETTINGS.items()} == {
        Kind.CALLBACK: "callback",
        Kind.QT_CALLBACK: "qt_callback",
        Kind.SERVICE_PROVIDER: "service_providers",
    }
    assert all(definition.kind is kind for kind, definition in SETTINGS.items())


@pytest.mark.parametrize("kind", [Kind.CALLBACK, Kind.QT_CALLBACK])
async def test_a_callback_is_read_and_written_as_its_own_kind(kind: Kind) -> None:
    spy: Any = Spy()
    definition = SETTINGS[kind]
    ((address, attributes),) = definition.declare({"url": "https://hooks.example.com/k"})
    change = Change(address, Action.CREATE, Cause.DECLARED, after=attributes)
    await definition.write(spy, change)
    assert definition.read
    await definition.read(spy)
    assert spy.calls == [("set_callback", kind, "https://hooks.example.com/k"), ("callback", kind)]


async def test_a_url_that_is_not_set_is_none() -> None:
    spy: Any = Spy()
    read, other = SETTINGS[Kind.CALLBACK].read, SETTINGS[Kind.QT_CALLBACK].read
    assert read
    assert other
    assert await read(spy) is None
    assert await other(spy) == {"url": "https://hooks.example.com/"}


async def test_a_provider_is_added_to_its_team_and_cannot_be_read() -> None:
    definition, spy = SETTINGS[Kind.SERVICE_PROVIDER], Spy()
    writer: Any = spy
    assert definition.read is None
    assert definition.needs_team
    addresses = [address for address, _ in definition.declare(["a", "b"])]
    assert addresses == [Address(Kind.SERVICE_PROVIDER, ("a",)), Address(Kind.SERVICE_PROVIDER, ("b",))]
    change = Change(addresses[1], Action.CREATE, Cause.DECLARED, target="team-1")
    await definition.write(writer, change)
    assert spy.calls == [("add_service_provider", "team-1", "b")]
