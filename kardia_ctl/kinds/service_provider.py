"""Service providers of the team (API reference, "Add service Provider"). Write-only: no read, no removal."""

from collections.abc import Mapping, Sequence
from typing import Final

from kardia_ctl.kinds.definition import SettingKind
from kardia_ctl.kinds.formats import text
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Setting
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change
from kardia_ctl.model.ports import Writer


def _declare(ids: Sequence[str]) -> list[tuple[Address, Mapping[str, str]]]:
    return [(Address(Kind.SERVICE_PROVIDER, (provider,)), {}) for provider in ids]


def _problem(_resource: Setting, _hosts: Sequence[str]) -> None:
    return None


def _normalise(_attribute: str, value: str) -> str:
    return value


async def _write(writer: Writer, change: Change) -> None:
    """Add the provider to the team in ``change.target``. Adding it again adds nothing."""
    await writer.add_service_provider(change.target, change.address.names[0])


DEFINITION: Final = SettingKind(
    kind=Kind.SERVICE_PROVIDER,
    key="service_providers",
    schema={
        "description": "Ids of the service provider teams that serve this team. Needs team.",
        "type": "array",
        "items": text("A service provider's team id, as Kardia gave it."),
        "uniqueItems": True,
    },
    declare=_declare,
    problem=_problem,
    read=None,
    normalise=_normalise,
    write=_write,
    needs_team=True,
)
