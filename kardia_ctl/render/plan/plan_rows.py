"""A plan as redacted rows: the only code that walks a plan. Every renderer formats these rows."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, Values
from kardia_ctl.model.template import Template
from kardia_ctl.render.redaction import Shown, shown
from kardia_ctl.render.text import money

_ALWAYS: Final = frozenset({Action.BLOCKED, Action.DELETE, Action.DISCONNECT, Action.EXPORT})
_ALWAYS_NOTICED: Final = frozenset({NoticeKind.DRIFT, NoticeKind.WAITING, NoticeKind.WARNING})


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute, redacted. A side is None where the change has no such side (before of a create)."""

    name: str
    before: Shown | None = None
    after: Shown | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One change as it is shown. ``place`` is the declaration's file:line, empty when there is none."""

    address: Address
    action: Action
    cause: Cause
    reason: str
    fields: tuple[Field, ...]
    id: str
    place: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One notice as it is shown: about something that is not a change."""

    kind: NoticeKind
    text: str
    address: Address | None
    fields: tuple[Field, ...]
    place: str


@dataclass(frozen=True, slots=True)
class More:
    """How many further rows of one kind and action, or remarks of one kind, are not shown one by one."""

    what: Kind | None
    action: Action | NoticeKind
    count: int


def rows(plan: Plan, *, show_phi: bool = False, full: int | None = None) -> Iterator[Row | More]:
    """The plan's changes in order, then counts of those not shown. ``full`` None shows every change."""
    seen: Counter[tuple[Kind, Action, Cause]] = Counter()
    templates = {terms.label: terms for terms in plan.templates}
    for change in plan.changes:
        key = change.address.kind, change.action, change.cause
        seen[key] += 1
        if full is None or change.action in _ALWAYS or seen[key] <= full:
            yield _row(change, templates, show_phi=show_phi)
    if full is None:
        return
    left: Counter[tuple[Kind, Action]] = Counter()
    for (kind, action, _), count in seen.items():
        if action not in _ALWAYS and count > full:
            left[kind, action] += count - full
    yield from (More(kind, action, count) for (kind, action), count in left.items())


def remarks(
    plan: Plan, kind: NoticeKind, *, show_phi: bool = False, full: int | None = None
) -> Iterator[Remark | More]:
    """The plan's notices of one kind in order, then the count of those not shown."""
    chosen = [notice for notice in plan.notices if notice.kind is kind]
    bound = len(chosen) if full is None or kind in _ALWAYS_NOTICED else full
    yield from (_remark(notice, show_phi=show_phi) for notice in chosen[:bound])
    if len(chosen) > bound:
        yield More(None, kind, len(chosen) - bound)


def unchanged(plan: Plan) -> Iterator[Address]:
    """The addresses of the no-ops, in the plan's order."""
    for kind in Kind:
        yield from (Address(kind, names) for names in plan.unchanged.get(kind, ()))


def identity(address: Address) -> Mapping[str, str]:
    """The attributes that an address is made of."""
    return dict(zip(address.kind.facts.names, address.names, strict=True))


def _row(change: Change, templates: Mapping[str, Template], *, show_phi: bool) -> Row:
    known: dict[str, str | None] = dict(identity(change.address))
    if change.address.kind is Kind.CONNECTION_CODE and change.target:
        known["template_id"] = change.target
    costs: tuple[Field, ...] = ()
    if change.address.kind is Kind.CONNECTION_CODE and change.action is Action.CREATE:
        terms = templates.get(change.address.names[1], Template(change.address.names[1], price=change.price))
        known["template_name"] = terms.name or None
        costs = _costs(terms)
    return Row(
        address=change.address,
        action=change.action,
        cause=change.cause,
        reason=change.reason,
        fields=(*_fields(change, known, show_phi=show_phi), *costs),
        id=change.id,
        place=str(change.source) if change.source else "",
    )


def _costs(terms: Template) -> tuple[Field, ...]:
    """The duration and the price of a code's template, as far as they are known."""
    facts = {
        "duration_days": None if terms.duration is None else str(terms.duration),
        "price": None if terms.price is None else money(terms.price),
    }
    return tuple(Field(name, after=Shown(text)) for name, text in facts.items() if text is not None)


def _remark(notice: Notice, *, show_phi: bool) -> Remark:
    known = identity(notice.address) if notice.address else {}
    return Remark(
        kind=notice.kind,
        text=notice.text,
        address=notice.address,
        fields=_fields(notice, known, show_phi=show_phi),
        place=str(notice.source) if notice.source else "",
    )


def _fields(about: Change | Notice, known: Mapping[str, str | None], *, show_phi: bool) -> tuple[Field, ...]:
    """Both sides, redacted.

    A saved plan has the names of its attributes without their values: those count as hidden, not as
    absent, except for what is ``known`` without them.
    """
    before, after, kind = about.before, about.after, about.address.kind if about.address else None
    names = dict.fromkeys((*(after or ()), *(before or ())))
    saved = not any(value is not None for side in (before, after) for value in (side or {}).values())

    def redacted(values: Values | None, name: str) -> Shown | None:
        if values is None:
            return None
        if saved:
            return Shown(known[name]) if name in known else Shown(hidden=True)
        return shown(kind, name, values.get(name), show_phi=show_phi)

    return tuple(Field(name, redacted(before, name), redacted(after, name)) for name in names)
