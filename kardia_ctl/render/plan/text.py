"""A plan as text, in the form that people and comment bots know from Terraform."""

from collections.abc import Iterator
from typing import Final, assert_never

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, NoticeKind, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.plan_fields import Field
from kardia_ctl.render.plan.plan_rows import More, Remark, Row, Several, remarks, rows
from kardia_ctl.render.plan.summary import summary_lines
from kardia_ctl.render.redaction import HIDDEN, Shown
from kardia_ctl.render.text import kind_count
from kardia_ctl.render.view import Colour, View

_MARKS: Final = {
    Action.NO_OP: (" ", Colour.BOLD),
    Action.CREATE: ("+", Colour.GREEN),
    Action.UPDATE: ("~", Colour.YELLOW),
    Action.ADOPT: ("=", Colour.CYAN),
    Action.FORGET: (".", Colour.CYAN),
    Action.MOVE: ("=", Colour.CYAN),
    Action.DISCONNECT: ("-", Colour.RED),
    Action.EXPORT: (">", Colour.CYAN),
    Action.DELETE: ("-", Colour.RED),
    Action.BLOCKED: ("!", Colour.RED),
}
_WORDS: Final = {
    Action.CREATE: "created",
    Action.UPDATE: "updated in-place",
    Action.DELETE: "destroyed",
    Action.DISCONNECT: "disconnected",
    Action.EXPORT: "exported",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
    Action.MOVE: "moved",
}
_TITLES: Final = {
    NoticeKind.DRIFT: (
        "Live changed outside kardia-ctl, shown as declared -> live (a warning, not a change):"
    ),
    NoticeKind.UNVERIFIABLE: "Cannot be verified (not an error, not a change):",
    NoticeKind.EXPIRED: "Perhaps expired (a hint; nothing is sent):",
    NoticeKind.NOT_SENT: "Not sent:",
    NoticeKind.DEPARTED: "Departures that are done:",
    NoticeKind.WAITING: "Waiting for a person:",
    NoticeKind.DECIDED: "Decisions:",
    NoticeKind.IDLE: "Entries that do nothing:",
    NoticeKind.WARNING: "",
    NoticeKind.REFRESH: "What this plan read, and what it cannot know:",
}
"""Section titles, in order. ``NoticeKind.RECORDED`` has no section: it is counted in the summary only."""
_SIGNS: Final = {
    NoticeKind.DRIFT: ("~", Colour.YELLOW),
    NoticeKind.UNVERIFIABLE: ("?", Colour.CYAN),
    NoticeKind.EXPIRED: ("?", Colour.CYAN),
    NoticeKind.NOT_SENT: (".", Colour.CYAN),
    NoticeKind.DEPARTED: (".", Colour.CYAN),
    NoticeKind.WAITING: ("?", Colour.CYAN),
    NoticeKind.DECIDED: (".", Colour.CYAN),
    NoticeKind.IDLE: (".", Colour.CYAN),
    NoticeKind.REFRESH: ("?", Colour.CYAN),
}
_REASONED: Final = frozenset({NoticeKind.DECIDED, NoticeKind.IDLE})
"""Notices of entries with a reason, which is shown where patients' values are."""

_REASON: Final = "reason"
_PLACE_COLUMN: Final = 46
_NAME_WIDTH: Final = 13


def plan_text(plan: Plan, view: View) -> str:
    """The whole plan: changes, notices and the summary. Ends with a newline."""
    blocks = [block for block in (_changes(plan, view), *_sections(plan, view)) if block]
    blocks.append("\n".join(summary_lines(plan, view)))
    return "\n\n".join(blocks) + "\n"


def _changes(plan: Plan, view: View) -> str:
    found = rows(plan, show_phi=view.show_phi, full=view.full, names=view.names)
    if not (shown := ["\n".join(_lines(row, view)) for row in found]):
        return ""
    return "\n\n".join((_title(plan), *shown))


def _title(plan: Plan) -> str:
    if plan.stops:
        return "kardia-ctl would do the following, but the errors below stop it:"
    if all(change.accepted for change in plan.changes):
        return "The following are blocked, as decisions accept:"
    if plan.count(Action.BLOCKED) == len(plan.changes):
        return "The following need a decision and will not be applied:"
    return "kardia-ctl will do the following:"


def _lines(row: Row | Several | More, view: View) -> Iterator[str]:
    match row:
        case Row():
            yield from (view.paint(f"  # {line}", Colour.BOLD) for line in _headline(row))
            yield from _row_lines(row, view)
        case Several():
            yield from _several_lines(row, view)
        case More():
            yield _more(row, view)
        case _:
            assert_never(row)


def _several_lines(several: Several, view: View) -> Iterator[str]:
    """Many that are blocked for one reason: the reason with its way out, a few of them, and their number."""
    many = f"{kind_count(several.count, several.kind)} are blocked: {escape(several.reason)}"
    yield view.paint(f"  # {many}", Colour.BOLD)
    for row in several.examples:
        yield from _row_lines(row, view)
    yield _more(More(several.kind, Action.BLOCKED, several.count - len(several.examples)), view)


def _row_lines(row: Row, view: View) -> Iterator[str]:
    mark, colour = _MARKS[row.action]
    yield _address_line(mark, colour, row.shown, row.place, view)
    for text in _details(row):
        yield f"      {view.paint(mark if mark in '+-' else '~', colour)} {text}"
    for name, value in _facts(row):
        yield f"        {name:<{_NAME_WIDTH}} {value}"


def _headline(row: Row) -> Iterator[str]:
    """What happens to the address, worded as comment bots expect it, and why."""
    reason = escape(row.reason)
    match row.action:
        case Action.CREATE | Action.UPDATE | Action.DELETE | Action.DISCONNECT | Action.EXPORT:
            yield f"{row.shown} will be {_WORDS[row.action]}"
            if reason:
                yield f"({reason})"
        case Action.ADOPT | Action.FORGET:
            yield f"{row.shown} will be {_WORDS[row.action]} ({reason or row.cause}; no request)"
        case Action.MOVE:
            yield f"{row.shown} has moved from {row.moved_from} (its records follow; no request)"
        case Action.BLOCKED:
            yield f"{row.shown} is blocked: {reason or row.cause}"
        case Action.NO_OP:
            yield f"{row.shown} is as declared"
        case _:
            assert_never(row.action)


def _details(row: Row) -> Iterator[str]:
    """The attribute lines: one side or both, depending on the action."""
    match row.action:
        case Action.CREATE:
            yield from (_one_side(field, field.after) for field in row.fields if _is_there(field.after))
        case Action.DELETE | Action.DISCONNECT | Action.EXPORT:
            yield from (
                _one_side(field, field.before)
                for field in row.fields
                if _is_there(field.before) and field.name != _REASON
            )
        case Action.UPDATE if not any(field.before for field in row.fields):
            yield from (_one_side(field, field.after) for field in row.fields)
        case Action.UPDATE | Action.BLOCKED:
            yield from (_both_sides(field) for field in row.fields if field.before and field.after)
        case Action.ADOPT | Action.FORGET | Action.MOVE | Action.NO_OP:
            return
        case _:
            assert_never(row.action)


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    """Why somebody departs, for whoever may see it, and the id by which a person finds them in Kardia."""
    if row.cause is Cause.DEPARTURE:
        reasons = (field.before for field in row.fields if field.name == _REASON)
        yield from ((_REASON, _value(reason)) for reason in reasons if _is_open(reason))
    if row.id and row.address.kind is Kind.PATIENT and row.action is not Action.CREATE:
        yield "id", _quoted(row.id)


def _is_there(value: Shown | None) -> bool:
    return value is not None and (value.hidden or value.text is not None)


def _is_open(value: Shown | None) -> bool:
    return value is not None and not value.hidden


def _one_side(field: Field, value: Shown | None) -> str:
    return f"{escape(field.name):<{_NAME_WIDTH}} {_value(value)}"


def _both_sides(field: Field, *, live_last: bool = False) -> str:
    first, second = (field.after, field.before) if live_last else (field.before, field.after)
    return f"{escape(field.name):<{_NAME_WIDTH}} {_value(first)} -> {_value(second)}"


def _value(value: Shown | None) -> str:
    if value is None or (value.text is None and not value.hidden):
        return "(not set)"
    return HIDDEN if value.text is None else _quoted(value.text)


def _quoted(text: str) -> str:
    return '"' + escape(text).replace('"', r"\"") + '"'


def _address_line(mark: str, colour: Colour, address: str, place: str, view: View) -> str:
    left = f"  {view.paint(mark, colour)} {address}"
    padding = " " * max(2, _PLACE_COLUMN - len(address) - 4)
    return f"{left}{padding}{escape(place)}" if place else left


def _more(more: More, view: View) -> str:
    if not isinstance(more.action, Action) or more.what is None:
        return f"  and {more.count} more" + (f": {escape(more.reason)}" if more.reason else "")
    mark, colour = _MARKS[more.action]
    number = kind_count(more.count, more.what).replace(" ", " more ", 1)
    if more.action is Action.BLOCKED:
        verb = "is" if more.count == 1 else "are"
        return f"  {view.paint(mark, colour)} {number} {verb} blocked; --full lists each"
    return f"  {view.paint(mark, colour)} {number} will be {_WORDS[more.action]}"


def _sections(plan: Plan, view: View) -> Iterator[str]:
    for kind, title in _TITLES.items():
        found = remarks(plan, kind, show_phi=view.show_phi, full=view.full, names=view.names)
        lines = [line for remark in found for line in _remark_lines(remark, view)]
        if lines:
            head = (title, "") if title else ()
            yield "\n".join((*head, *lines))


def _remark_lines(remark: Remark | More, view: View) -> Iterator[str]:
    if isinstance(remark, More):
        yield _more(remark, view)
        return
    if remark.kind is NoticeKind.WARNING:
        about = f"{remark.shown}: " if remark.address else ""
        place = f" ({escape(remark.place)})" if remark.place else ""
        yield f"{view.paint('Warning:', Colour.YELLOW)} {about}{escape(remark.text)}{place}"
        return
    mark, colour = _SIGNS[remark.kind]
    if remark.address:
        yield _address_line(mark, colour, remark.shown, remark.place, view)
    place = f" ({escape(remark.place)})" if remark.place and not remark.address else ""
    yield f"      {escape(remark.text)}{place}"
    if remark.kind in _REASONED:
        yield from (
            f"      {_one_side(field, field.after)}" for field in remark.fields if _is_open(field.after)
        )
        return
    change = view.paint("~", colour)
    yield from (f"      {change} {_both_sides(field, live_last=True)}" for field in remark.fields)
