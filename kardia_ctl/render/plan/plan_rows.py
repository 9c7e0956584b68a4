"""A plan as redacted rows: the only code that walks a plan. Every renderer formats these rows."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan
from kardia_ctl.model.template import Template
from kardia_ctl.render.names import Names, shown_id
from kardia_ctl.render.plan.plan_fields import Field, PlanReader, cost_fields, identity, redacted_fields
from kardia_ctl.render.reasons import EXAMPLES, shared_reason

_ALWAYS: Final = frozenset({Action.DELETE, Action.DISCONNECT, Action.EXPORT})
_ALWAYS_NOTICED: Final = frozenset(
    {NoticeKind.DRIFT, NoticeKind.WAITING, NoticeKind.WARNING, NoticeKind.REFRESH, NoticeKind.UNVERIFIABLE}
)


@dataclass(frozen=True, slots=True)
class Row:
    """One change as it is shown. ``place`` is the declaration's file:line, empty when there is none.

    ``shown`` and ``moved_from`` are the addresses as the reader may see them; ``address`` and ``previous``,
    from which a patient moved, are for sorting and joining alone. ``accepted`` is the day until which a
    decision accepts that it is blocked.
    """

    address: Address
    action: Action
    cause: Cause
    reason: str
    fields: tuple[Field, ...]
    id: str
    place: str
    shown: str
    previous: Address | None = None
    moved_from: str = ""
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """One notice as it is shown: about something that is not a change. ``shown`` is its address, if any."""

    kind: NoticeKind
    text: str
    address: Address | None
    shown: str
    fields: tuple[Field, ...]
    place: str


@dataclass(frozen=True, slots=True)
class More:
    """How many further rows of one kind and action, or remarks of one kind, are not shown one by one.

    ``reason`` is what these remarks say, without what differs among them.
    """

    what: Kind | None
    action: Action | NoticeKind
    count: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Several:
    """Many addresses of one kind that are blocked for one reason: a few of them stand for all."""

    kind: Kind
    reason: str
    count: int
    examples: tuple[Row, ...]


def rows(
    plan: Plan, *, show_phi: bool = False, full: int | None = None, names: Names
) -> Iterator[Row | Several | More]:
    """The plan's changes in order, then counts of those not shown. ``full`` None shows every change.

    Where more than ``full`` are blocked, those of one reason are one ``Several``.
    """
    reader = PlanReader(show_phi, names)
    seen: Counter[tuple[Kind, Action, Cause]] = Counter()
    templates = {terms.label: terms for terms in plan.templates}
    groups = _groups(plan, full)
    for change in plan.changes:
        group = groups.get(_group_key(change)) if groups and change.action is Action.BLOCKED else None
        if group is not None:
            if change is group[0]:
                shown_rows = tuple(_row(one, templates, reader) for one in group[:EXAMPLES])
                kind, reason = _group_key(change)
                yield Several(kind, names.text(reason), len(group), shown_rows)
            continue
        key = change.address.kind, change.action, change.cause
        seen[key] += 1
        if full is None or change.action in _ALWAYS or seen[key] <= full:
            yield _row(change, templates, reader)
    if full is None:
        return
    left: Counter[tuple[Kind, Action]] = Counter()
    for (kind, action, _), count in seen.items():
        if action not in _ALWAYS and count > full:
            left[kind, action] += count - full
    yield from (More(kind, action, count) for (kind, action), count in left.items())


def _group_key(change: Change) -> tuple[Kind, str]:
    return change.address.kind, shared_reason(change.reason or change.cause, change.address, change.id)


def _groups(plan: Plan, full: int | None) -> Mapping[tuple[Kind, str], list[Change]]:
    """The blocked changes that share a reason with more than a few others, if there are many in all."""
    blocked = [change for change in plan.changes if change.action is Action.BLOCKED]
    if full is None or len(blocked) <= full:
        return {}
    groups: dict[tuple[Kind, str], list[Change]] = {}
    for change in blocked:
        groups.setdefault(_group_key(change), []).append(change)
    return {key: group for key, group in groups.items() if len(group) > EXAMPLES}


def remarks(
    plan: Plan,
    kind: NoticeKind,
    *,
    show_phi: bool = False,
    full: int | None = None,
    names: Names,
) -> Iterator[Remark | More]:
    """The plan's notices of one kind in order, then the count of those not shown."""
    reader = PlanReader(show_phi, names)
    chosen = [notice for notice in plan.notices if notice.kind is kind]
    if kind in _ALWAYS_NOTICED:
        yield from _grouped_remarks(chosen, kind, reader, full=full)
        return
    bound = len(chosen) if full is None else full
    yield from (_remark(notice, reader) for notice in chosen[:bound])
    if len(chosen) > bound:
        yield More(None, kind, len(chosen) - bound)


def _grouped_remarks(
    chosen: Sequence[Notice], kind: NoticeKind, reader: PlanReader, *, full: int | None
) -> Iterator[Remark | More]:
    """Every notice; of many that say the same, a few and the count of the others."""
    if full is None or len(chosen) <= full:
        yield from (_remark(notice, reader) for notice in chosen)
        return
    reasons = [shared_reason(notice.text, notice.address) for notice in chosen]
    counts = Counter(reasons)
    seen: Counter[str] = Counter()
    for notice, reason in zip(chosen, reasons, strict=True):
        seen[reason] += 1
        if counts[reason] <= EXAMPLES + 1 or seen[reason] <= EXAMPLES:
            yield _remark(notice, reader)
        elif seen[reason] == counts[reason]:
            yield More(None, kind, counts[reason] - EXAMPLES, reader.names.text(reason))


def unchanged(plan: Plan) -> Iterator[Address]:
    """The addresses of the no-ops, in the plan's order."""
    for kind in Kind:
        yield from (Address(kind, names) for names in plan.unchanged.get(kind, ()))


def _row(change: Change, templates: Mapping[str, Template], reader: PlanReader) -> Row:
    known: dict[str, str | None] = dict(identity(change.address, reader.names))
    if change.address.kind is Kind.CONNECTION_CODE and change.target:
        known["template_id"] = change.target
    costs: tuple[Field, ...] = ()
    if change.address.kind is Kind.CONNECTION_CODE and change.action is Action.CREATE:
        terms = templates.get(change.address.names[1], Template(change.address.names[1], price=change.price))
        known["template_name"] = terms.name or None
        costs = cost_fields(terms)
    return Row(
        address=change.address,
        action=change.action,
        cause=change.cause,
        reason=reader.names.text(change.reason),
        fields=(*redacted_fields(change, known, reader), *costs),
        id=shown_id(reader.names, change.id, change.address, change.previous),
        place=str(change.source) if change.source else "",
        shown=reader.names.shown(change.address),
        previous=change.previous,
        moved_from=reader.names.shown(change.previous) if change.previous else "",
        accepted=change.accepted,
    )


def _remark(notice: Notice, reader: PlanReader) -> Remark:
    known = identity(notice.address, reader.names) if notice.address else {}
    return Remark(
        kind=notice.kind,
        text=reader.names.text(notice.text),
        address=notice.address,
        shown=reader.names.shown(notice.address) if notice.address else "",
        fields=redacted_fields(notice, known, reader),
        place=str(notice.source) if notice.source else "",
    )
