"""The changes of a plan in groups of which the same is true: kind, action, file and reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, Plan
from kardia_ctl.render.names import Names
from kardia_ctl.render.plan.plan_fields import Field
from kardia_ctl.render.plan.plan_rows import Row, rows
from kardia_ctl.render.reasons import OWN, shared_reason
from kardia_ctl.render.redaction import HIDDEN, Shown
from kardia_ctl.render.review.review_page import Group, PageContext, PageEntry
from kardia_ctl.render.text import kind_count

MOST_GROUPS: Final = 200
"""Groups of a section that are shown apart; the others are counted together."""

_MOST_ENTRIES: Final = 3_000
"""Entries of a section that are shown one by one, so that a browser finds and prints the page at once."""

_MOST_FILES: Final = 20
"""The most files by which changes of one kind and action are grouped; with more, none is named."""

_ORDER: Final = (
    Action.BLOCKED,
    Action.DELETE,
    Action.DISCONNECT,
    Action.EXPORT,
    Action.UPDATE,
    Action.CREATE,
    Action.ADOPT,
    Action.MOVE,
    Action.FORGET,
)
_VERBS: Final[Mapping[Action, str]] = {
    Action.BLOCKED: "blocked",
    Action.DELETE: "to delete",
    Action.DISCONNECT: "to disconnect",
    Action.EXPORT: "to export: the data is mailed to the owner of the API key",
    Action.UPDATE: "to change",
    Action.CREATE: "to create",
    Action.ADOPT: "to import",
    Action.MOVE: "to move to a corrected mrn",
    Action.FORGET: "to forget",
}


class _Key(NamedTuple):
    """Of whom the same is true. A tuple, because there is one for every change."""

    action: Action
    kind: Kind
    file: str
    about: str
    """The reason without addresses and ids; of a code its template."""


def change_groups(plan: Plan, chosen: Sequence[Change], context: PageContext) -> tuple[Group, ...]:
    """The groups of some of a plan's changes, what cannot be undone first."""
    found: dict[_Key, list[Change]] = {}
    by_file = len({change.source.file for change in chosen if change.source}) <= _MOST_FILES
    for change in chosen:
        found.setdefault(_key(change, by_file=by_file), []).append(change)
    ordered = sorted(found.items(), key=lambda one: (_ORDER.index(one[0].action), -len(one[1])))
    shown, others = ordered[:MOST_GROUPS], ordered[MOST_GROUPS:]
    cap = entries_each(len(shown))
    listed = iter(_rows(plan, [change for _, changes in shown for change in changes[:cap]], context.names))
    groups = [
        _group(key, len(changes), [next(listed) for _ in changes[:cap]], context) for key, changes in shown
    ]
    for place in range(len(groups)):
        if (above := _above(shown, place)) is not None:
            groups[place] = _folded(groups[place], len(groups[above].entries))
    if others:
        groups.append(Group("Further groups", sum(len(changes) for _, changes in others), ()))
    return tuple(groups)


def _above(groups: Sequence[tuple[_Key, Sequence[Change]]], place: int) -> int | None:
    """The place of the new patients for exactly whom the codes of a group are, if that says it all."""
    key, codes = groups[place]
    if key.action is not Action.CREATE or key.kind is not Kind.CONNECTION_CODE or len(codes) == 1:
        return None
    if any(change.reason for change in codes):
        return None
    owners = {change.address.names[0] for change in codes}
    for above, (other, patients) in enumerate(groups[:place]):
        is_new = other.action is Action.CREATE and other.kind is Kind.PATIENT
        if is_new and len(patients) == len(codes) and owners == {one.address.names[0] for one in patients}:
            return above
    return None


def _folded(group: Group, listed: int) -> Group:
    each = f"one for each of the {group.count} new patients above"
    note = " · ".join(filter(None, (group.note, each)))
    return replace(group, entries=(), note=note, listed_above=listed)


def entries_each(groups: int) -> int:
    """How many entries each of so many groups of a section lists, at most."""
    return max(1, _MOST_ENTRIES // max(1, groups))


def _key(change: Change, *, by_file: bool) -> _Key:
    file = change.source.file if by_file and change.source else ""
    if change.action is Action.CREATE and change.address.kind is Kind.CONNECTION_CODE:
        return _Key(change.action, change.address.kind, file, change.address.names[1])
    if change.action is Action.MOVE:
        return _Key(change.action, change.address.kind, file, "")
    reason = change.reason or (change.cause if change.action is Action.BLOCKED else "")
    about = shared_reason(reason, change.address, change.id) if reason else ""
    return _Key(change.action, change.address.kind, file, about)


def _rows(plan: Plan, changes: Sequence[Change], names: Names) -> Iterator[Row]:
    """The rows of some changes, in their order."""
    found = rows(replace(plan, changes=tuple(changes)), names=names)
    return (row for row in found if isinstance(row, Row))


def _group(key: _Key, count: int, listed: Sequence[Row], context: PageContext) -> Group:
    note = context.text(key.about)
    if count == 1 and listed:
        note = context.directory.text(listed[0].reason) or note
    if key.kind is Kind.CONNECTION_CODE and key.action is Action.CREATE:
        title, note = f"{kind_count(count, key.kind)} to order: {key.about}", ""
    else:
        title = f"{kind_count(count, key.kind)} {_VERBS[key.action]}"
    common = _created_fields(listed) if key.action is Action.CREATE else ""
    return Group(
        title=title,
        count=count,
        entries=tuple(_entry(row, note, common, context) for row in listed),
        place=context.directory.place(key.file),
        note=" · ".join(filter(None, (note, common))),
    )


def _entry(row: Row, note: str, common: str, context: PageContext) -> PageEntry:
    details = list(_details(row))
    if row.action is Action.CREATE and (own := _created_fields([row])) != common:
        details.append(own)
    is_code = row.address.kind is Kind.CONNECTION_CODE and row.action is Action.CREATE
    reason = context.directory.text(row.reason)
    if reason and (is_code or note not in (reason, reason.replace(row.shown, OWN))):
        details.append(reason)
    return PageEntry(row.shown, context.directory.place(row.place), tuple(details))


def _created_fields(listed: Sequence[Row]) -> str:
    """The attributes that the first one is created with: values that anybody may see, names of the others."""
    if not listed:
        return ""
    if listed[0].address.kind is Kind.CONNECTION_CODE:
        return _terms({field.name: field.after.text or "" for field in listed[0].fields if field.after})
    own = listed[0].address.kind.facts.names
    shown, hidden = list[str](), list[str]()
    for field in listed[0].fields:
        value = field.after
        if field.name in own or value is None or (value.text is None and not value.hidden):
            continue
        if value.text is None:
            hidden.append(field.name)
        else:
            shown.append(f"{field.name} {value.text}")
    return "; ".join(filter(None, (", ".join(shown), f"with {', '.join(hidden)}" if hidden else "")))


def _terms(known: Mapping[str, str]) -> str:
    """What is known of a code's template: name, duration, price, id."""
    forms = (
        ("template_name", '"{}"'),
        ("duration_days", "{} days"),
        ("price", "{} each"),
        ("template_id", "template {}"),
    )
    return ", ".join(form.format(known[name]) for name, form in forms if known.get(name))


def _details(row: Row) -> Iterator[str]:
    """What a reviewer may see of one change."""
    match row.action:
        case Action.UPDATE:
            yield from both_sides(row.fields)
        case Action.DELETE | Action.DISCONNECT | Action.EXPORT:
            known = [field for field in row.fields if field.before and field.before.text is not None]
            yield from (f"{field.name} {_value(field.before)}" for field in known)
        case Action.BLOCKED:
            yield from both_sides([field for field in row.fields if field.before and field.after])
        case Action.MOVE:
            yield f"from {row.moved_from}"
        case _:
            pass
    if row.id and row.address.kind is Kind.PATIENT and row.action in _WITH_ID:
        yield f"the live patient's id {row.id}"


_WITH_ID: Final = frozenset({Action.DELETE, Action.DISCONNECT, Action.EXPORT, Action.BLOCKED})


def both_sides(fields: Sequence[Field], *, live_last: bool = False) -> Iterator[str]:
    """What differs: both sides where anybody may see them, else the attributes' names alone."""
    hidden = list[str]()
    for field in fields:
        sides = (field.after, field.before) if live_last else (field.before, field.after)
        if any(side is not None and side.text is not None for side in sides):
            yield f"{field.name}: {' → '.join(map(_value, sides))}"
        elif any(side is not None and side.hidden for side in sides):
            hidden.append(field.name)
    if hidden:
        yield f"differs: {', '.join(hidden)}"


def _value(value: Shown | None) -> str:
    if value is None or (value.text is None and not value.hidden):
        return "(not set)"
    return HIDDEN if value.text is None else value.text
