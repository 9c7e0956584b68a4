"""A plan as text, in the form that people and comment bots know from Terraform."""

from collections.abc import Iterator
from typing import Final, assert_never

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.attribute_lines import (
    INDENT,
    NAME_WIDTH,
    address_line,
    both_sides,
    is_open,
    is_there,
    one_side,
    quoted,
    shown_value,
)
from kardia_ctl.render.plan.notice_text import more_of, notice_sections
from kardia_ctl.render.plan.plan_rows import More, Row, Several, rows
from kardia_ctl.render.plan.summary import summary_lines
from kardia_ctl.render.plan.touched import touched_lines
from kardia_ctl.render.text import kind_count
from kardia_ctl.render.view import Colour, View
from kardia_ctl.render.wrapping import wrapped

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
    Action.ADOPT: "imported",
    Action.FORGET: "forgotten",
    Action.MOVE: "moved",
}
_REASON: Final = "reason"
_BOTS_WORDS: Final = tuple(
    f"will be {words}" for words in ("created", "updated in-place", "destroyed", "imported")
)


def plan_text(plan: Plan, view: View) -> str:
    """The whole plan: changes, notices and the summary. Ends with a newline."""
    found = ("\n".join(touched_lines(plan.touched)), _changes(plan, view), *notice_sections(plan, view))
    blocks = [block for block in found if block]
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
            yield from (view.paint(line, Colour.BOLD) for line in _headline(row))
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
    yield from (view.paint(line, Colour.BOLD) for line in _comment(many))
    for row in several.examples:
        yield from _row_lines(row, view)
    yield _more(More(several.kind, Action.BLOCKED, several.count - len(several.examples)), view)


def _row_lines(row: Row, view: View) -> Iterator[str]:
    mark, colour = _MARKS[row.action]
    yield address_line(mark, colour, row.shown, row.place, view)
    for text in _details(row):
        yield f"      {view.paint(mark if mark in '+-' else '~', colour)} {text}"
    for name, value in _facts(row):
        yield f"        {name:<{NAME_WIDTH}} = {value}"


def _headline(row: Row) -> Iterator[str]:
    """What happens to the address, and why.

    Comment bots look for the first line as Terraform words it, up to its end. tfcmt lists what is destroyed
    by that line, so a disconnect has one that says what of the patient is.
    """
    reason = escape(row.reason)
    match row.action:
        case Action.CREATE | Action.UPDATE | Action.DELETE | Action.EXPORT:
            yield f"  # {row.shown} will be {_WORDS[row.action]}"
        case Action.DISCONNECT:
            yield f"  # {row.shown} will be {_WORDS[row.action]}"
            yield f"  # the connection of {row.shown} will be destroyed"
        case Action.ADOPT | Action.FORGET:
            yield f"  # {row.shown} will be {_WORDS[row.action]}"
            reason = f"{reason or row.cause}; no request"
        case Action.MOVE:
            yield f"  # {row.moved_from} has moved to {row.shown}"
            reason = "its records follow; no request"
        case Action.BLOCKED:
            yield from _comment(f"{row.shown} is blocked: {reason or row.cause}")
            return
        case Action.NO_OP:
            yield f"  # {row.shown} is as declared"
        case _:
            assert_never(row.action)
    if reason:
        yield from _comment(f"({reason})")


def _comment(text: str) -> list[str]:
    """A sentence as comment lines. It does not end as the headline of a change does."""
    ending = "." if text.endswith(_BOTS_WORDS) else ""
    return wrapped(f"{text}{ending}", first="  # ", rest=INDENT)


def _details(row: Row) -> Iterator[str]:
    """The attribute lines: one side or both, depending on the action."""
    match row.action:
        case Action.CREATE:
            yield from (one_side(field, field.after) for field in row.fields if is_there(field.after))
        case Action.DELETE | Action.DISCONNECT | Action.EXPORT:
            yield from (
                one_side(field, field.before)
                for field in row.fields
                if is_there(field.before) and field.name != _REASON
            )
        case Action.UPDATE if not any(field.before for field in row.fields):
            yield from (one_side(field, field.after) for field in row.fields)
        case Action.UPDATE | Action.BLOCKED:
            yield from (both_sides(field) for field in row.fields if field.before and field.after)
        case Action.ADOPT | Action.FORGET | Action.MOVE | Action.NO_OP:
            return
        case _:
            assert_never(row.action)


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    """Why somebody departs, for whoever may see it, and the id by which a person finds them in Kardia."""
    if row.cause is Cause.DEPARTURE:
        reasons = (field.before for field in row.fields if field.name == _REASON)
        yield from ((_REASON, shown_value(reason)) for reason in reasons if is_open(reason))
    if row.id and row.address.kind is Kind.PATIENT and row.action is not Action.CREATE:
        yield "id", quoted(row.id)


def _more(more: More, view: View) -> str:
    if not isinstance(more.action, Action) or more.what is None:
        return more_of(more)
    mark, colour = _MARKS[more.action]
    number = kind_count(more.count, more.what).replace(" ", " more ", 1)
    if more.action is Action.BLOCKED:
        verb = "is" if more.count == 1 else "are"
        return f"  {view.paint(mark, colour)} {number} {verb} blocked; --full lists each"
    return f"  {view.paint(mark, colour)} {number} will be {_WORDS[more.action]}"
