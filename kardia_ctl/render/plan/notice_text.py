"""What a plan's text says besides its changes: drift, warnings, what could not be verified or is not sent."""

from collections.abc import Iterator
from typing import Final

from kardia_ctl.model.plan import NoticeKind, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.attribute_lines import INDENT, address_line, both_sides, is_open, one_side
from kardia_ctl.render.plan.plan_rows import More, Remark, remarks
from kardia_ctl.render.view import Colour, View
from kardia_ctl.render.wrapping import wrapped

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


def notice_sections(plan: Plan, view: View) -> Iterator[str]:
    """The notices, a section for each kind."""
    for kind, title in _TITLES.items():
        found = remarks(plan, kind, show_phi=view.show_phi, full=view.full, names=view.names)
        lines = [line for remark in found for line in _remark_lines(remark, view)]
        if lines:
            head = (title, "") if title else ()
            yield "\n".join((*head, *lines))


def more_of(more: More) -> str:
    """How many more notices say the same."""
    return f"  and {more.count} more" + (f": {escape(more.reason)}" if more.reason else "")


def _remark_lines(remark: Remark | More, view: View) -> Iterator[str]:
    if isinstance(remark, More):
        yield more_of(remark)
        return
    if remark.kind is NoticeKind.WARNING:
        about = f"{remark.shown}: " if remark.address else ""
        place = f" ({escape(remark.place)})" if remark.place else ""
        first, *others = wrapped(f"Warning: {about}{escape(remark.text)}{place}", rest="  ")
        yield first.replace("Warning:", view.paint("Warning:", Colour.YELLOW), 1)
        yield from others
        return
    mark, colour = _SIGNS[remark.kind]
    if remark.address:
        yield address_line(mark, colour, remark.shown, remark.place, view)
    place = f" ({escape(remark.place)})" if remark.place and not remark.address else ""
    yield from wrapped(f"{escape(remark.text)}{place}", first=INDENT, rest=INDENT)
    if remark.kind in _REASONED:
        yield from (
            f"{INDENT}{one_side(field, field.after)}" for field in remark.fields if is_open(field.after)
        )
        return
    change = view.paint("~", colour)
    yield from (f"      {change} {both_sides(field, live_last=True)}" for field in remark.fields)
