"""A plan in Terraform's plan representation, for policy and comment tools.

It never holds a patient's value: values are null and marked sensitive. Some of our actions are unknown to
Terraform: an adopt is a no-op with ``importing``, a disconnect a delete whose ``action_reason``
is ``disconnect``, and what is blocked a no-op whose ``action_reason`` is its cause.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from kardia_ctl.model.plan import Action, NoticeKind, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.json_pieces import Lazily
from kardia_ctl.render.names import Names
from kardia_ctl.render.plan.plan_fields import MRN
from kardia_ctl.render.plan.plan_rows import Row, rows
from kardia_ctl.render.plan.terraform_entries import (
    Entry,
    Side,
    check_of,
    drift_entry,
    entries,
)
from kardia_ctl.render.plan.terraform_extras import every_remark, ours
from kardia_ctl.render.plan.terraform_names import PROVIDER, provider_config

FORMAT_VERSION: Final = "1.2"
"""The plan representation's version: terraform-json wants one from 0.1 up to, not including, 2.0."""

TERRAFORM_VERSION: Final = "1.9.0"
"""Whose representation this is. checkov and trivy recognise a plan by this key; no Terraform is involved."""

_ACTIONS: Final[Mapping[Action, list[str]]] = {
    Action.NO_OP: ["no-op"],
    Action.CREATE: ["create"],
    Action.UPDATE: ["update"],
    Action.ADOPT: ["no-op"],
    Action.FORGET: ["forget"],
    Action.MOVE: ["no-op"],
    Action.DISCONNECT: ["delete"],
    Action.EXPORT: ["update"],
    Action.DELETE: ["delete"],
    Action.BLOCKED: ["no-op"],
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who made a plan document and when: kardia-ctl's version, and the time, RFC 3339 in UTC."""

    version: str
    timestamp: str


def plan_json(plan: Plan, stamp: Stamp, names: Names, *, changes_only: bool = False) -> dict[str, Any]:
    """The document, for ``json_pieces``: its long arrays are made when they are written.

    The same plan, stamp and names give the same document. With ``changes_only`` it has neither no-ops nor the
    prior state, so its size follows the changes and not the account.
    """
    blocked = [*_blocked(plan, names)]

    def things() -> Iterator[Entry]:
        return entries(plan, names, changes_only=changes_only)

    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "kardia_ctl": ours(plan, blocked, stamp.version, names, changes_only=changes_only),
        "variables": {},
        "planned_values": {"root_module": {"resources": Lazily(things, _planned)}},
        "resource_drift": Lazily(partial(_drifted, plan, names), _change),
        "resource_changes": Lazily(things, _change),
        "output_changes": {},
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": TERRAFORM_VERSION,
            "values": {"root_module": {"resources": [] if changes_only else Lazily(things, _prior)}},
        },
        "configuration": {
            "provider_config": provider_config(),
            "root_module": {"resources": Lazily(things, _configured)},
        },
        "relevant_attributes": [],
        "checks": [check_of(row, names) for row in blocked],
        "timestamp": stamp.timestamp,
        "applyable": not plan.stops and any(change.action is not Action.BLOCKED for change in plan.changes),
        "complete": not plan.blocked and not plan.left and not plan.excluded,
        "errored": bool(plan.stops),
    }


def _blocked(plan: Plan, names: Names) -> Iterator[Row]:
    """What is blocked, in the plan's order."""
    changes = tuple(change for change in plan.changes if change.action is Action.BLOCKED)
    return (row for row in rows(replace(plan, changes=changes), names=names) if isinstance(row, Row))


def _drifted(plan: Plan, names: Names) -> Iterator[Entry]:
    for remark in every_remark(plan, NoticeKind.DRIFT, names):
        yield from drift_entry(remark, names)


def _change(entry: Entry) -> dict[str, Any]:
    change: dict[str, Any] = {
        "actions": list(_ACTIONS[entry.action]),
        "before": entry.before.values,
        "after": entry.after.values,
        "after_unknown": {"id": True} if entry.action is Action.CREATE else {},
        "before_sensitive": entry.before.marks,
        "after_sensitive": entry.after.marks,
    }
    if entry.action is Action.ADOPT:
        change["importing"] = {"id": escape(entry.id)}
    return {
        **entry.named,
        **entry.indexed,
        **({"previous_address": entry.previous} if entry.previous else {}),
        "provider_name": PROVIDER,
        "change": change,
        "action_reason": entry.reason,
    }


def _resource(entry: Entry, side: Side) -> dict[str, Any]:
    return {
        **entry.named,
        **entry.indexed,
        "provider_name": PROVIDER,
        "schema_version": 0,
        "values": side.values,
        "sensitive_values": side.sensitive,
        **({"depends_on": [entry.owner["address"]]} if entry.owner else {}),
    }


def _planned(entry: Entry) -> dict[str, Any] | None:
    return None if entry.after.values is None else _resource(entry, entry.after)


def _prior(entry: Entry) -> dict[str, Any] | None:
    return None if entry.before.values is None else _resource(entry, entry.before)


def _configured(entry: Entry) -> dict[str, Any] | None:
    if not entry.declared:
        return None
    return {
        **entry.named,
        "provider_config_key": PROVIDER,
        "schema_version": 0,
        "expressions": _expressions(entry),
    }


def _expressions(entry: Entry) -> dict[str, Any]:
    """Visible values as constants, the owner's mrn as a reference; hidden values without one."""
    values, marks = entry.after.values or entry.identity, entry.after.sensitive
    found: dict[str, Any] = {
        name: {} if value is None or name in marks else {"constant_value": value}
        for name, value in values.items()
        if name != "id"
    }
    if owner := entry.owner:
        found[MRN] = {
            "references": [f"{owner['type']}.{owner['name']}.mrn", f"{owner['type']}.{owner['name']}"]
        }
    return found
