"""Terraform's machine-readable UI: one object a line, never with a patient's value.

The types are Terraform's (version, planned_change, resource_drift, change_summary, diagnostic, apply_start,
apply_progress, apply_complete, apply_errored), so tools that read its stream can read ours; ``progress`` is
our own type: the progress of the whole run.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Action, Change, NoticeKind, Plan
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.model.source import Problem, Source
from kardia_ctl.render.apply.progress_line import Tally, facts, progress_line
from kardia_ctl.render.apply.report import complete_line
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.summary import (
    action_counts,
    counts_line,
    following_lines,
    no_changes,
    undeclared_lines,
)
from kardia_ctl.render.plan.terraform_entries import PROVIDER, named
from kardia_ctl.render.plan.terraform_json import TERRAFORM_VERSION

UI_VERSION: Final = "1.2"
"""The version of Terraform's stream that this one follows."""

Line = Mapping[str, Any]
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
_DOING: Final[Mapping[Action, tuple[str, str, str]]] = {
    Action.CREATE: ("Creating", "Still creating", "Creation"),
    Action.UPDATE: ("Modifying", "Still modifying", "Modifications"),
    Action.DISCONNECT: ("Disconnecting", "Still disconnecting", "Disconnection"),
    Action.DELETE: ("Destroying", "Still destroying", "Destruction"),
    Action.ADOPT: ("Importing", "Still importing", "Import"),
    Action.EXPORT: ("Exporting", "Still exporting", "Export"),
}


def _line(kind: str, message: str, *, level: str = "info", **more: Any) -> Line:
    return {"@level": level, "@message": escape(message), "@module": "terraform.ui", "type": kind, **more}


def version_line(version: str) -> Line:
    """The first line."""
    known = {"terraform": TERRAFORM_VERSION, "kardia_ctl": version, "ui": UI_VERSION}
    return _line("version", f"kardia-ctl {version}", **known)


def plan_lines(plan: Plan) -> Iterator[Line]:
    """A plan: its changes, drift, warnings and errors, then its counts."""
    for change in plan.changes:
        if change.action is not Action.BLOCKED:
            yield _planned(change)
    for notice in plan.notices:
        if notice.kind is NoticeKind.DRIFT and notice.address is not None:
            about = {"resource": _resource(notice.address), "action": "update"}
            yield _line("resource_drift", f"{notice.address}: Drift detected (update)", change=about)
        elif notice.kind in (NoticeKind.WARNING, NoticeKind.REFRESH, NoticeKind.IDLE):
            yield diagnostic("warning", notice.text, address=notice.address, source=notice.source)
    yield from (_line("log", line) for line in undeclared_lines(plan))
    for change in plan.changes:
        if change.action is Action.BLOCKED:
            level = "error" if change.blocks else "warning"
            yield diagnostic(level, f"blocked: {change.reason}", address=change.address, source=change.source)
    yield from (diagnostic("error", stop) for stop in plan.stops)
    yield from (diagnostic("warning", line) for line in following_lines(plan))
    yield _summary(plan)


def _planned(change: Change) -> Line:
    action = _ACTIONS[change.action]
    about: dict[str, Any] = {"resource": _resource(change.address), "action": action}
    if change.action is Action.ADOPT:
        about["importing"] = {"id": escape(change.id)}
    if change.previous is not None:
        about["previous_resource"] = _resource(change.previous)
    return _line("planned_change", f"{change.address}: Plan to {action}", change=about)


def _summary(plan: Plan) -> Line:
    counts = action_counts(plan)
    changes = {
        "add": counts[Action.CREATE],
        "change": counts[Action.UPDATE],
        "import": counts[Action.ADOPT],
        "remove": counts[Action.DELETE] + counts[Action.DISCONNECT],
        "operation": "plan",
    }
    message = no_changes(plan) if plan.is_empty else counts_line(plan)
    return {**_line("change_summary", message, changes=changes), **_left(plan.left)}


def _left(count: int) -> Line:
    return {"left_by_limit": count} if count else {}


def started_line(change: Change) -> Line:
    """A change is about to be sent."""
    hook = _hook(change.address, change.action)
    return _line("apply_start", f"{change.address}: {_DOING[change.action][0]}...", hook=hook)


def still_line(change: Change, seconds: float) -> Line:
    """A change has been in flight for some seconds."""
    words, hook = _DOING[change.action][1], _hook(change.address, change.action, seconds)
    return _line("apply_progress", f"{change.address}: {words}... [{seconds:.0f}s elapsed]", hook=hook)


def ended_lines(result: Result, seconds: float) -> Iterator[Line]:
    """The result of a change, with the reason if it is not done. ``seconds``: how long it was in flight."""
    words, hook = _DOING[result.action][2], _hook(result.address, result.action, seconds)
    if result.status is Status.DONE:
        found = {"id_key": "id", "id_value": escape(result.id)} if result.id else {}
        yield _line(
            "apply_complete", f"{result.address}: {words} complete after {seconds:.0f}s", hook=hook | found
        )
        return
    if result.status is not Status.SKIPPED:
        text = f"{result.address}: {words} errored after {seconds:.0f}s"
        yield _line("apply_errored", text, level="error", hook=hook)
    yield _unfinished(result)


def _unfinished(result: Result) -> Line:
    severity = {Status.SKIPPED: "warning"}.get(result.status, "error")
    return diagnostic(severity, f"{result.action} {result.status}: {result.detail}", address=result.address)


def tally_line(tally: Tally, now: float) -> Line:
    """The progress of the whole run."""
    return _line("progress", progress_line(tally, now), progress=facts(tally, now))


def report_lines(report: Report, said: Collection[Result]) -> Iterator[Line]:
    """The end of an apply: what was found out after its requests, why the run stopped, and the counts.

    ``said`` are the results in doubt that the stream has already.
    """
    for result in report.results:
        if result.status is Status.DONE and not result.is_well:
            text = f"{result.action} is done, but not as it should be: {result.detail}"
            yield diagnostic("error", text, address=result.address)
        elif result.status is Status.IN_DOUBT and result not in said:
            yield _unfinished(result)
    if report.interrupted:
        yield diagnostic("warning", report.interruption)
    yield _report(report)


def _report(report: Report) -> Line:
    changes = {
        "add": report.count(Status.DONE, Action.CREATE),
        "change": report.count(Status.DONE, Action.UPDATE),
        "import": report.adopted,
        "remove": report.count(Status.DONE, Action.DELETE, Action.DISCONNECT),
        "operation": "apply",
    }
    return {**_line("change_summary", complete_line(report), changes=changes), **_left(report.left)}


def diagnostic(
    severity: str, text: str, *, address: Address | None = None, source: Source | None = None
) -> Line:
    """An error or a warning; ``text`` must hold no patient's values."""
    about = f"{address}: " if address else ""
    found: dict[str, Any] = {"severity": severity, "summary": escape(f"{about}{text}"), "detail": ""}
    if address:
        found["address"] = str(address)
    if source:
        place = {"line": source.line, "column": max(1, source.column), "byte": 0}
        found["range"] = {"filename": escape(source.file), "start": place, "end": place}
    return _line(
        "diagnostic",
        f"{severity.capitalize()}: {about}{text}",
        level={"warning": "warn"}.get(severity, severity),
        diagnostic=found,
    )


def problem_line(problem: Problem) -> Line:
    """One problem of the configuration."""
    remedy = f". {problem.remedy}" if problem.remedy else ""
    return diagnostic("error", f"{problem.message}{remedy}", address=problem.address, source=problem.source)


def _hook(address: Address, action: Action, seconds: float | None = None) -> dict[str, Any]:
    elapsed = {} if seconds is None else {"elapsed_seconds": round(seconds)}
    return {"resource": _resource(address), "action": _ACTIONS[action], **elapsed}


def _resource(address: Address) -> dict[str, Any]:
    names = named(address)
    return {
        "addr": names["address"],
        "module": "",
        "resource": names["address"],
        "implied_provider": PROVIDER,
        "resource_type": names["type"],
        "resource_name": names["name"],
        "resource_key": None,
    }
