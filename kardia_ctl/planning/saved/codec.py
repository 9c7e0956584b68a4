"""What a saved plan holds, as JSON and back: names, addresses and digests, and no values."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, Requests, Values
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import Rate
from kardia_ctl.model.template import Terms
from kardia_ctl.planning.inputs import Decisions

UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What JSON of another shape than ours makes of the code that reads it."""

_MOST: Final = 1 << 35
_DIGITS: Final = 30


@dataclass(frozen=True, slots=True)
class Binding:
    """What a saved plan belongs to: it is only applied while all of this is the same."""

    version: str
    endpoint: str
    team: str
    workspace: str
    configuration: str
    state: str
    live: str


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was saved. Values are redacted: ``before`` and ``after`` have names only.

    ``created`` is Unix seconds; ``digests`` stand for the changes, in the plan's order; ``path`` leads from
    the file's directory to the configuration.
    """

    id: str
    created: int
    binding: Binding
    decisions: Decisions
    digests: tuple[str, ...]
    plan: Plan
    path: str = ""


def as_json(saved: SavedPlan) -> dict[str, Any]:
    """What stands in the file under its seal."""
    plan = saved.plan
    return {
        "id": saved.id,
        "created": saved.created,
        "binding": {name: getattr(saved.binding, name) for name in Binding.__slots__},
        "decisions": _decisions(saved.decisions),
        "changes": [
            {**_change(change), "digest": value}
            for change, value in zip(plan.changes, saved.digests, strict=True)
        ],
        "notices": [_notice(notice) for notice in plan.notices],
        "stops": list(plan.stops),
        "unchanged": {kind: [list(names) for names in plan.unchanged[kind]] for kind in plan.unchanged},
        "requests": [plan.requests.spent, plan.requests.reads, plan.requests.writes],
        "cost": str(plan.cost),
        "unpriced": plan.unpriced,
        "team": plan.team,
        "templates": [_terms(terms) for terms in plan.templates],
        "left": plan.left,
        "rate": None if plan.rate is None else str(plan.rate),
        "path": saved.path,
    }


def _decisions(decisions: Decisions) -> dict[str, Any]:
    return {
        "recreate": sorted(map(str, decisions.recreate)),
        "reissue": sorted(map(str, decisions.reissue)),
        "distinct": sorted(map(str, decisions.distinct)),
        "targets": sorted(map(str, decisions.targets)),
        "accept_collapse": decisions.accept_collapse,
        "limit": decisions.limit,
    }


def _names(values: Values | None) -> list[str] | None:
    return None if values is None else list(values)


def _source(source: Source | None) -> list[str | int] | None:
    return None if source is None else [source.file, source.line, source.column]


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "action": change.action,
        "cause": change.cause,
        "reason": change.reason,
        "before": _names(change.before),
        "after": _names(change.after),
        "id": change.id,
        "target": change.target,
        "source": _source(change.source),
        "price": None if change.price is None else str(change.price),
    }


def _terms(terms: Terms) -> list[str | int | None]:
    price = None if terms.price is None else str(terms.price)
    return [terms.label, terms.id, terms.name, terms.duration, price]


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "kind": notice.kind,
        "text": notice.text,
        "address": None if notice.address is None else str(notice.address),
        "before": _names(notice.before),
        "after": _names(notice.after),
        "source": _source(notice.source),
    }


def from_json(facts: Mapping[str, Any]) -> SavedPlan:
    """The same plan back.

    Raises:
        UNREADABLE: the JSON has another shape.
    """
    return SavedPlan(
        id=_text(facts["id"]),
        created=_whole(facts["created"]),
        binding=Binding(**{name: _text(value) for name, value in facts["binding"].items()}),
        decisions=_read_decisions(facts["decisions"]),
        digests=tuple(_text(change["digest"]) for change in facts["changes"]),
        plan=_plan(facts),
        path=_text(facts["path"]),
    )


def _read_decisions(facts: Mapping[str, Any]) -> Decisions:
    alone = ("accept_collapse", "limit")
    return Decisions(
        **{name: frozenset(map(Address.parse, texts)) for name, texts in facts.items() if name not in alone},
        accept_collapse=facts["accept_collapse"] is True,
        limit=None if facts["limit"] is None else _whole(facts["limit"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _whole(value: Any) -> int:
    """A whole number that a date and a count can have."""
    if type(value) is not int or not 0 <= value < _MOST:
        raise TypeError("not a number that a plan has")
    return value


def _plan(facts: Mapping[str, Any]) -> Plan:
    return Plan(
        changes=tuple(_read_change(change) for change in facts["changes"]),
        notices=tuple(_read_notice(notice) for notice in facts["notices"]),
        stops=tuple(map(_text, facts["stops"])),
        unchanged={
            Kind(kind): tuple(tuple(map(_text, names)) for names in several)
            for kind, several in facts["unchanged"].items()
        },
        requests=Requests(*map(_whole, facts["requests"])),
        cost=_amount(facts["cost"]),
        unpriced=_whole(facts["unpriced"]),
        team=_text(facts["team"]),
        templates=tuple(_read_terms(*terms) for terms in facts["templates"]),
        left=_whole(facts["left"]),
        rate=None if facts["rate"] is None else Rate.parse(_text(facts["rate"])),
    )


def _amount(value: Any) -> Decimal:
    amount = Decimal(_text(value))
    if not amount.is_finite() or abs(amount.adjusted()) > _DIGITS:
        raise ValueError("not an amount")
    return amount


def _redacted(names: list[str] | None) -> Values | None:
    return None if names is None else dict.fromkeys(map(_text, names))


def _place(source: list[Any] | None) -> Source | None:
    if source is None:
        return None
    file, line, column = source
    return Source(_text(file), _whole(line), _whole(column))


def _read_change(facts: Mapping[str, Any]) -> Change:
    return Change(
        address=Address.parse(facts["address"]),
        action=Action(facts["action"]),
        cause=Cause(facts["cause"]),
        reason=_text(facts["reason"]),
        before=_redacted(facts["before"]),
        after=_redacted(facts["after"]),
        id=_text(facts["id"]),
        target=_text(facts["target"]),
        source=_place(facts["source"]),
        price=None if facts["price"] is None else _amount(facts["price"]),
    )


def _read_terms(label: Any, template: Any, name: Any, duration: Any, price: Any) -> Terms:
    return Terms(
        _text(label),
        _text(template),
        _text(name),
        None if duration is None else _whole(duration),
        None if price is None else _amount(price),
    )


def _read_notice(facts: Mapping[str, Any]) -> Notice:
    return Notice(
        kind=NoticeKind(facts["kind"]),
        text=_text(facts["text"]),
        address=None if facts["address"] is None else Address.parse(facts["address"]),
        before=_redacted(facts["before"]),
        after=_redacted(facts["after"]),
        source=_place(facts["source"]),
    )
