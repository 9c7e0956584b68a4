"""The keys of kardia.yaml that say which account it is about, and what a run may do there."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from kardia_ctl.model.configuration import Configuration


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(sorted(values))


def _most(number: int | Decimal | None) -> str:
    return "unlimited" if number is None else str(number)


def _waves(configuration: Configuration) -> str:
    waves = configuration.waves
    return f"size {waves.size}, stop_on_failures {waves.stop_on_failures}" if waves else ""


SAFEGUARDS: Final[Mapping[str, Callable[[Configuration], str]]] = {
    "team": lambda one: one.desired.team,
    "api.dialect": lambda one: one.dialect,
    "api.region": lambda one: one.region,
    "api.authorization": lambda one: one.authorization,
    "workspace": lambda one: one.workspace,
    "state": lambda one: one.state if one.state_declared else "",
    "scan": lambda one: one.scan,
    "settle": lambda one: f"{one.settle:g}s",
    "waves": _waves,
    "limits.create": lambda one: _most(one.desired.limits.create),
    "limits.update": lambda one: _most(one.desired.limits.update),
    "limits.disconnect": lambda one: _most(one.desired.limits.disconnect),
    "limits.delete": lambda one: _most(one.desired.limits.delete),
    "limits.cost": lambda one: _most(one.desired.limits.cost),
    "callback_hosts": lambda one: _listed(one.callback_hosts),
    "two_person": lambda one: _listed(one.two_person),
    "recipients": lambda one: _listed(one.recipients),
    "phi_in_git": lambda one: "accepted" if one.phi_accepted else "",
    "review.mrn": lambda one: "shown" if one.shows_mrns else "",
    "quarantined rows": lambda one: str(sum(len(table.rows) for table in one.quarantines) or ""),
}
"""Each by its name in the YAML; the value is empty where it is not declared and has no default."""
