"""What changed in Kardia, and both ways to resolve it: the text and the stream of ``plan --drift``."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from kardia_ctl.model.plan import Notice, NoticeKind, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.names import Names
from kardia_ctl.render.plan.attribute_lines import INDENT, address_line
from kardia_ctl.render.plan.notice_text import notice_sections
from kardia_ctl.render.plan.plan_rows import Row, rows
from kardia_ctl.render.plan.terraform_stream import plan_lines
from kardia_ctl.render.view import Colour, View
from kardia_ctl.render.wrapping import wrapped

NO_DRIFT: Final = "No drift. Nothing that kardia-ctl manages was changed in Kardia since it was applied."
_NAMED: Final = 5


def drift_text(plan: Plan, view: View) -> str:
    """The text for a plan that holds drift alone. Ends with a newline."""
    left = [line for row in rows(plan, names=view.names) if isinstance(row, Row) for line in _left(row, view)]
    blocks = ["\n".join(("Left Kardia, or came back:", "", *left))] if left else []
    blocks += [*notice_sections(plan, view), "\n".join(_ending(plan, view))]
    return "\n\n".join(blocks) + "\n"


def _left(row: Row, view: View) -> Iterator[str]:
    yield address_line("!", Colour.RED, row.shown, row.place, view)
    yield from wrapped(escape(row.reason or row.cause), first=INDENT, rest=INDENT)


def _ending(plan: Plan, view: View) -> Iterator[str]:
    yield drift_line(plan)
    for way in ways_out(plan, view.names):
        yield from wrapped(f"  - {way}", rest="    ")
    yield f"Requests: {plan.requests.spent} to plan."


def ways_out(plan: Plan, names: Names) -> Iterator[str]:
    """What a person can do about a plan that holds drift alone; nothing where nothing moved."""
    moved = [notice.address for notice in plan.notices if notice.address is not None]
    people = [names.shown(address) for address in moved if not address.kind.is_setting]
    settings = [names.shown(address) for address in moved if address.kind.is_setting]
    if moved:
        accepts = " ".join(f"--accept {name}" for name in (*settings, *people)[:_NAMED])
        more = " …" if len(moved) > _NAMED else ""
        yield f"To take the live values into the files: kardia-ctl import --update {accepts}{more}"
    if settings:
        yield f"To set back {', '.join(settings)}: kardia-ctl apply"
    if people:
        yield "To set back a patient: correct the values in Kardia by hand; the API cannot"
    if plan.changes:
        yield "For a patient who left or came back: see the reason at the address"


def drift_line(plan: Plan) -> str:
    """How many resources moved."""
    moved = len(plan.changes) + len(plan.notices)
    if not moved:
        return NO_DRIFT
    resources = "1 resource" if moved == 1 else f"{moved} resources"
    return f"Drift: {resources} moved in Kardia."


def drift_lines(plan: Plan, names: Names) -> Iterator[dict[str, Any]]:
    """Terraform's stream for a plan that holds drift alone: resource_drift lines and a summary."""
    gone = {names.shown(change.address) for change in plan.changes}
    left = tuple(
        Notice(NoticeKind.DRIFT, change.reason, change.address, source=change.source)
        for change in plan.changes
    )
    for line in plan_lines(replace(plan, changes=(), notices=(*left, *plan.notices)), names):
        match line["type"]:
            case "resource_drift":
                address = line["change"]["resource"]["addr"]
                change = {**line["change"], "action": "delete" if address in gone else "update"}
                message = f"{address}: Drift detected ({change['action']})"
                yield {**line, "@message": escape(message), "change": change}
            case "change_summary":
                yield {**line, "@message": drift_line(plan), "drift": len(gone) + len(plan.notices)}
