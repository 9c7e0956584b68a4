"""A plan in Terraform's plan representation, for policy and comment tools.

It never holds a patient's value: values are null and marked sensitive. Some of our actions are unknown to
Terraform: an adopt is a no-op with ``importing``, a disconnect a delete whose ``action_reason``
is ``disconnect``, and what is blocked a no-op whose ``action_reason`` is its cause.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.plan import Action, NoticeKind, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.plan_fields import identity
from kardia_ctl.render.plan.plan_rows import Remark, Row, remarks, rows
from kardia_ctl.render.plan.summary import action_counts
from kardia_ctl.render.plan.terraform_entries import (
    PROVIDER,
    Entry,
    Side,
    check_of,
    drift_entry,
    named,
    no_op_entries,
    provider_config,
    row_entries,
)
from kardia_ctl.render.plan.touched import touched_json

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


def plan_json(plan: Plan, stamp: Stamp) -> dict[str, Any]:
    """The document. The same plan and stamp give the same document."""
    shown = [row for row in rows(plan) if isinstance(row, Row)]
    entries = sorted((*row_entries(shown), *no_op_entries(plan)), key=lambda entry: entry.address.order)
    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "kardia_ctl": _ours(plan, shown, stamp),
        "variables": {},
        "planned_values": {"root_module": {"resources": list(_planned(entries))}},
        "resource_drift": [
            _change(entry) for remark in _remarks(plan, NoticeKind.DRIFT) for entry in drift_entry(remark)
        ],
        "resource_changes": [_change(entry) for entry in entries],
        "output_changes": {},
        "prior_state": _prior(entries),
        "configuration": _configuration(entries),
        "relevant_attributes": [],
        "checks": [check_of(row) for row in shown if row.action is Action.BLOCKED],
        "timestamp": stamp.timestamp,
        "applyable": not plan.stops and any(row.action is not Action.BLOCKED for row in shown),
        "complete": not plan.blocked and not plan.left,
        "errored": bool(plan.stops),
    }


def _ours(plan: Plan, shown: Iterable[Row], stamp: Stamp) -> dict[str, Any]:
    requests = plan.requests
    accepted = [{**_blocked(row), "until": row.accepted} for row in shown if row.accepted]
    return {
        "version": stamp.version,
        **({} if plan.refresh is Refresh.FULL else {"refresh": plan.refresh.value}),
        **touched_json(plan.touched),
        "requests": {
            "plan": requests.spent,
            "apply_reads": requests.reads,
            "apply_writes": requests.writes,
        },
        "counts": {action.value.replace("-", "_"): count for action, count in action_counts(plan).items()},
        "cost": f"{plan.cost:f}",
        "unpriced": plan.unpriced,
        **({"left_by_limit": plan.left} if plan.left else {}),
        **_following(plan),
        **_estimate(plan),
        "blocked": [_blocked(row) for row in shown if row.action is Action.BLOCKED and not row.accepted],
        **({"accepted": accepted} if accepted else {}),
        "stops": [escape(stop) for stop in plan.stops],
        "notices": [_notice(remark) for kind in NoticeKind for remark in _remarks(plan, kind)],
    }


def _following(plan: Plan) -> dict[str, Any]:
    """The most that may follow when what is in doubt is settled."""
    most = plan.following
    if not most.doubts:
        return {}
    counts = {"doubts": most.doubts, "creates": most.creates, "codes": most.codes, "users": most.users}
    return {"following": {**counts, "cost": f"{most.cost:f}", "unpriced": most.unpriced}}


def _estimate(plan: Plan) -> dict[str, Any]:
    if plan.rate is None or not plan.requests.writes:
        return {}
    rate = plan.rate
    return {
        "estimate": {
            "seconds": round(plan.requests.apply / rate.per_second),
            "requests_per_second": rate.per_second,
            "parallelism": rate.parallelism,
        }
    }


def _remarks(plan: Plan, kind: NoticeKind) -> Iterator[Remark]:
    return (remark for remark in remarks(plan, kind) if isinstance(remark, Remark))


def _blocked(row: Row) -> dict[str, Any]:
    return {
        "address": str(row.address),
        "cause": row.cause.value,
        "reason": escape(row.reason),
        "fields": [escape(field.name) for field in row.fields],
        "source": escape(row.place) or None,
    }


def _notice(remark: Remark) -> dict[str, Any]:
    return {
        "kind": remark.kind.value,
        "address": str(remark.address) if remark.address else None,
        "text": escape(remark.text),
        "fields": [escape(field.name) for field in remark.fields],
        "source": escape(remark.place) or None,
    }


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
        **named(entry.address),
        **({"previous_address": str(entry.previous)} if entry.previous else {}),
        "provider_name": PROVIDER,
        "change": change,
        "action_reason": entry.reason,
    }


def _resource(address: Address, side: Side) -> dict[str, Any]:
    return {
        **named(address),
        "provider_name": PROVIDER,
        "schema_version": 0,
        "values": side.values,
        "sensitive_values": side.sensitive,
    }


def _planned(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        if entry.after.values is not None:
            yield _resource(entry.address, entry.after)


def _prior(entries: Iterable[Entry]) -> dict[str, Any]:
    resources = [
        _resource(entry.address, entry.before) for entry in entries if entry.before.values is not None
    ]
    return {
        "format_version": "1.0",
        "terraform_version": TERRAFORM_VERSION,
        "values": {"root_module": {"resources": resources}},
    }


def _configuration(entries: Iterable[Entry]) -> dict[str, Any]:
    resources = [
        {
            **named(entry.address),
            "provider_config_key": PROVIDER,
            "schema_version": 0,
            "expressions": _expressions(entry),
        }
        for entry in entries
        if entry.declared
    ]
    return {"provider_config": provider_config(), "root_module": {"resources": resources}}


def _expressions(entry: Entry) -> dict[str, Any]:
    """Visible values as constants; hidden ones without a value."""
    values, marks = entry.after.values or identity(entry.address), entry.after.sensitive
    return {
        name: {} if value is None or name in marks else {"constant_value": escape(value)}
        for name, value in values.items()
        if name != "id"
    }
