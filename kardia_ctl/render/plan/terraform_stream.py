"""Terraform's machine-readable UI: one object a line, never with a patient's value.

The types are Terraform's (version, refresh_start, refresh_complete, planned_change, resource_drift,
change_summary, diagnostic, apply_start, apply_progress, apply_complete, apply_errored), so tools that read
its stream can read ours; ``progress`` is our own type: the progress of the whole run. A refresh is one of a
whole kind: the list of patients is read at once.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, NoticeKind, Plan
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.render.apply.progress_line import Tally, facts, progress_line
from kardia_ctl.render.apply.report import complete_line
from kardia_ctl.render.escape import escape
from kardia_ctl.render.names import MRNS, Names, shown_id
from kardia_ctl.render.plan.stream_lines import Line, diagnostic, resource_of, stream_line
from kardia_ctl.render.plan.summary import (
    action_counts,
    counts_line,
    following_lines,
    no_changes,
    undeclared_lines,
)
from kardia_ctl.render.plan.terraform_entries import departing_reason
from kardia_ctl.render.plan.terraform_json import TERRAFORM_VERSION

UI_VERSION: Final = "1.3"
"""The version of Terraform's stream that this one follows."""

_ACTIONS: Final[Mapping[Action, str]] = {
    Action.NO_OP: "noop",
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.ADOPT: "import",
    Action.FORGET: "forget",
    Action.MOVE: "move",
    Action.DISCONNECT: "delete",
    Action.DELETE: "delete",
    Action.EXPORT: "update",
    Action.BLOCKED: "noop",
}
_OURS: Final = frozenset({Action.DISCONNECT, Action.EXPORT})
"""Actions that Terraform has no word for: a person reads ours, a program the nearest of its own."""

_DOING: Final[Mapping[Action, tuple[str, str, str]]] = {
    Action.CREATE: ("Creating", "Still creating", "Creation"),
    Action.UPDATE: ("Modifying", "Still modifying", "Modifications"),
    Action.DISCONNECT: ("Disconnecting", "Still disconnecting", "Disconnection"),
    Action.DELETE: ("Destroying", "Still destroying", "Destruction"),
    Action.ADOPT: ("Importing", "Still importing", "Import"),
    Action.EXPORT: ("Exporting", "Still exporting", "Export"),
}


def version_line(version: str) -> Line:
    """The first line."""
    known = {"terraform": TERRAFORM_VERSION, "kardia_ctl": version, "ui": UI_VERSION}
    return stream_line("version", f"kardia-ctl {version}", **known)


def plan_lines(plan: Plan, names: Names) -> Iterator[Line]:
    """A plan: what was read, its changes, drift, warnings and errors, then its counts."""
    yield from _refreshes(plan)
    for change in plan.changes:
        if change.action is not Action.BLOCKED:
            yield _planned(change, names)
    for notice in plan.notices:
        if notice.kind is NoticeKind.DRIFT and notice.address is not None:
            about = {"resource": resource_of(notice.address, names), "action": "update"}
            text = f"{names.shown(notice.address)}: Drift detected (update)"
            yield stream_line("resource_drift", text, change=about)
        elif notice.kind in (NoticeKind.WARNING, NoticeKind.REFRESH, NoticeKind.IDLE):
            yield diagnostic(
                "warning", notice.text, address=notice.address, source=notice.source, names=names
            )
    yield from (stream_line("log", line) for line in undeclared_lines(plan))
    yield from _blocked(plan, names)
    yield from (diagnostic("error", stop, names=names) for stop in plan.stops)
    yield from (diagnostic("warning", line, names=names) for line in following_lines(plan))
    yield _summary(plan)


def _blocked(plan: Plan, names: Names) -> Iterator[Line]:
    for change in plan.changes:
        if change.action is Action.BLOCKED:
            level = "error" if change.blocks else "warning"
            reason = change.reason or change.cause
            yield diagnostic(
                level, reason, summary="blocked", address=change.address, source=change.source, names=names
            )


def _refreshes(plan: Plan) -> Iterator[Line]:
    """A refresh of each kind of the plan that the account can show."""
    if plan.refresh is Refresh.OFF:
        return
    kinds = {change.address.kind for change in plan.changes} | {
        kind for kind, of in plan.unchanged.items() if of
    }
    for kind in Kind:
        if kind in kinds and kind.facts.read_back:
            hook = {"resource": resource_of(Address(kind), MRNS)}
            yield stream_line("refresh_start", f"{kind}: Refreshing state...", hook=hook)
            yield stream_line("refresh_complete", f"{kind}: Refresh complete", hook=hook)


def _planned(change: Change, names: Names) -> Line:
    action = _ACTIONS[change.action]
    about: dict[str, Any] = {
        "resource": resource_of(change.address, names),
        "action": action,
        "reason": departing_reason(change.action, change.cause),
    }
    shown = names.shown(change.address)
    if change.action is Action.ADOPT:
        about["importing"] = {
            "id": escape(shown_id(names, change.id, change.address, change.previous) or shown)
        }
    if change.previous is not None:
        about["previous_resource"] = resource_of(change.previous, names)
    verb = change.action.value if change.action in _OURS else action
    return stream_line("planned_change", f"{shown}: Plan to {verb}", change=about)


def _summary(plan: Plan) -> Line:
    counts = action_counts(plan)
    changes = {
        "add": counts[Action.CREATE],
        "change": counts[Action.UPDATE] + counts[Action.EXPORT],
        "import": counts[Action.ADOPT],
        "remove": counts[Action.DELETE] + counts[Action.DISCONNECT],
        "forget": counts[Action.FORGET],
        "operation": "plan",
    }
    message = no_changes(plan) if plan.is_empty else counts_line(plan)
    digest = {"digest": plan.digest} if plan.digest else {}
    excluded = {"left_out_by_exclude": plan.excluded} if plan.excluded else {}
    line = stream_line("change_summary", message, changes=changes)
    return {**line, **digest, **_left(plan.left), **excluded}


def _left(count: int) -> Line:
    return {"left_by_limit": count} if count else {}


def started_line(change: Change, names: Names) -> Line:
    """A change is about to be sent."""
    hook = _hook(change, names)
    return stream_line(
        "apply_start", f"{names.shown(change.address)}: {_DOING[change.action][0]}...", hook=hook
    )


def still_line(change: Change, seconds: float, names: Names) -> Line:
    """A change has been in flight for some seconds."""
    words, hook = _DOING[change.action][1], _hook(change, names, seconds)
    text = f"{names.shown(change.address)}: {words}... [{seconds:.0f}s elapsed]"
    return stream_line("apply_progress", text, hook=hook)


def ended_lines(result: Result, seconds: float, names: Names) -> Iterator[Line]:
    """The result of a change, with the reason if it is not done. ``seconds``: how long it was in flight."""
    words, hook = _DOING[result.action][2], _hook(result, names, seconds)
    shown = names.shown(result.address)
    if result.status is Status.DONE:
        yield stream_line("apply_complete", f"{shown}: {words} complete after {seconds:.0f}s", hook=hook)
        return
    if result.status is not Status.SKIPPED:
        text = f"{shown}: {words} errored after {seconds:.0f}s"
        yield stream_line("apply_errored", text, level="error", hook=hook)
    yield _unfinished(result, names)


def _unfinished(result: Result, names: Names) -> Line:
    severity = {Status.SKIPPED: "warning"}.get(result.status, "error")
    summary = f"{result.action} {result.status}"
    return diagnostic(severity, result.detail, summary=summary, address=result.address, names=names)


def tally_line(tally: Tally, now: float) -> Line:
    """The progress of the whole run."""
    return stream_line("progress", progress_line(tally, now), progress=facts(tally, now))


def report_lines(report: Report, said: Collection[Result], names: Names) -> Iterator[Line]:
    """The end of an apply: what was found out after its requests, why the run stopped, and the counts.

    ``said`` are the results in doubt that the stream has already.
    """
    for result in report.results:
        if result.status is Status.DONE and not result.is_well:
            summary = f"{result.action} is done, but not as it should be"
            yield diagnostic("error", result.detail, summary=summary, address=result.address, names=names)
        elif result.status is Status.IN_DOUBT and result not in said:
            yield _unfinished(result, names)
    if report.interrupted:
        yield diagnostic("warning", report.interruption, names=names)
    yield _report(report)


def _report(report: Report) -> Line:
    changes = {
        "add": report.count(Status.DONE, Action.CREATE),
        "change": report.count(Status.DONE, Action.UPDATE, Action.EXPORT),
        "import": report.adopted,
        "remove": report.count(Status.DONE, Action.DELETE, Action.DISCONNECT),
        "forget": report.forgotten,
        "operation": "apply",
    }
    return {**stream_line("change_summary", complete_line(report), changes=changes), **_left(report.left)}


def _hook(about: Change | Result, names: Names, seconds: float | None = None) -> dict[str, Any]:
    elapsed = {} if seconds is None else {"elapsed_seconds": round(seconds)}
    known = {"id_key": "id", "id_value": escape(shown_id(names, about.id, about.address))} if about.id else {}
    return {
        "resource": resource_of(about.address, names),
        "action": _ACTIONS[about.action],
        **known,
        **elapsed,
    }
