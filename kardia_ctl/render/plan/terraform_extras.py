"""The member ``kardia_ctl`` of a plan document: what Terraform's representation has no place for."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.plan import Action, NoticeKind, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.names import Names
from kardia_ctl.render.plan.plan_rows import Remark, Row, remarks
from kardia_ctl.render.plan.summary import action_counts
from kardia_ctl.render.plan.touched import touched_json

_COUNTED_ALONE: Final = frozenset(
    {NoticeKind.RECORDED, NoticeKind.UNVERIFIABLE, NoticeKind.EXPIRED, NoticeKind.DEPARTED}
)
"""Notices that a whole cohort may have for years: a document of the changes alone has their number."""


def ours(
    plan: Plan, shown: Iterable[Row], version: str, names: Names, *, changes_only: bool
) -> dict[str, Any]:
    """The member of a document."""
    requests = plan.requests
    accepted = [{**_blocked(row), "until": row.accepted} for row in shown if row.accepted]
    kinds = [kind for kind in NoticeKind if not (changes_only and kind in _COUNTED_ALONE)]
    numbers = Counter(notice.kind.value for notice in plan.notices)
    return {
        "version": version,
        **({"digest": plan.digest} if plan.digest else {}),
        **({} if plan.refresh is Refresh.FULL else {"refresh": plan.refresh.value}),
        **touched_json(plan.touched),
        "requests": {
            "plan": requests.spent,
            "apply_reads": requests.reads,
            "apply_writes": requests.writes,
        },
        "counts": {action.value.replace("-", "_"): count for action, count in action_counts(plan).items()},
        "cost": number(plan.cost),
        "unpriced": plan.unpriced,
        **({"left_by_limit": plan.left} if plan.left else {}),
        **({"left_out_by_exclude": plan.excluded} if plan.excluded else {}),
        **_following(plan),
        **_estimate(plan),
        "blocked": [_blocked(row) for row in shown if row.action is Action.BLOCKED and not row.accepted],
        **({"accepted": accepted} if accepted else {}),
        "stops": [escape(names.text(stop)) for stop in plan.stops],
        **({"notice_counts": {kind.value: numbers[kind] for kind in NoticeKind}} if changes_only else {}),
        "notices": [_notice(remark) for kind in kinds for remark in every_remark(plan, kind, names)],
    }


def number(amount: Decimal) -> int | float:
    """An amount as JSON has it, so that a policy can compare it."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def every_remark(plan: Plan, kind: NoticeKind, names: Names) -> Iterator[Remark]:
    """The notices of one kind, none left out."""
    return (remark for remark in remarks(plan, kind, names=names) if isinstance(remark, Remark))


def _following(plan: Plan) -> dict[str, Any]:
    """The most that may follow when what is in doubt is settled."""
    most = plan.following
    if not most.doubts:
        return {}
    counts = {"doubts": most.doubts, "creates": most.creates, "codes": most.codes, "users": most.users}
    return {"following": {**counts, "cost": number(most.cost), "unpriced": most.unpriced}}


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


def _blocked(row: Row) -> dict[str, Any]:
    return {
        "address": row.shown,
        "cause": row.cause.value,
        "reason": escape(row.reason),
        "fields": [escape(field.name) for field in row.fields],
        "source": escape(row.place) or None,
    }


def _notice(remark: Remark) -> dict[str, Any]:
    return {
        "kind": remark.kind.value,
        "address": remark.shown or None,
        "text": escape(remark.text),
        "fields": [escape(field.name) for field in remark.fields],
        "source": escape(remark.place) or None,
    }
