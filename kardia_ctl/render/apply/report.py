"""The report of an apply as text: a table of results, what is not done, and the line that CI tools parse."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.model.results import Report, Result, Status, results_in_order
from kardia_ctl.render.escape import escape
from kardia_ctl.render.reasons import blocked_reasons, shared_reason
from kardia_ctl.render.text import Columns, count_of
from kardia_ctl.render.view import Colour, View

_WORDS: Final[Mapping[Status, tuple[str, Colour, str]]] = {
    Status.DONE: ("Error:", Colour.RED, " is done, but not as it should be"),
    Status.FAILED: ("Error:", Colour.RED, " failed"),
    Status.IN_DOUBT: ("Error:", Colour.RED, " is in doubt"),
    Status.SKIPPED: ("Skipped:", Colour.CYAN, ""),
}
_COLUMNS: Final = Columns((max(map(len, Kind)), *(8 for _ in Status)))


def report_text(report: Report) -> str:
    """The report: table, counts, requests. Ends with a newline. Failures are in ``unfinished_text``."""
    blocks = [_table(report), "\n".join(_closing(report))]
    return "\n\n".join(block for block in blocks if block) + "\n"


def unfinished_text(report: Report, view: View) -> str:
    """What is not done or not well, and why: a line for each. Empty if all is as it should be."""
    lines = list(_unfinished(report, view))
    if report.interrupted:
        lines.append(_line("Warning:", Colour.YELLOW, escape(report.interruption), view))
    if report.blocked:
        text = f"{len(report.blocked)} blocked; the plan says which, and what can be done"
        lines.append(_line("Error:", Colour.RED, text, view))
        reasons = list(blocked_reasons(report.blocked))
        lines += [f"  {escape(reason)}" for reason in reasons[: view.full]]
        lines += [f"  and {len(reasons) - view.full} more reasons"] if len(reasons) > view.full else []
    return "".join(f"{line}\n" for line in lines)


def _line(start: str, colour: Colour, text: str, view: View) -> str:
    return f"{view.paint(start, colour)} {text}"


def _table(report: Report) -> str:
    """How many results have each status, a line per kind; empty if there was nothing to send."""
    counts = Counter((result.address.kind, result.status) for result in report.results)
    if not counts:
        return ""
    rows = [("", *(status.value for status in Status))]
    for kind in Kind:
        numbers = [counts[kind, status] for status in Status]
        if any(numbers):
            rows.append((kind.value, *map(str, numbers)))
    return "\n".join(map(_COLUMNS.line, rows))


def _unfinished(report: Report, view: View) -> Iterator[str]:
    """What is not well: ``view.full`` lines for each reason at most, and the rest counted."""
    ordered = results_in_order(report.results)
    for status in Status:
        seen: Counter[str] = Counter()
        for result in ordered:
            if result.status is status and not result.is_well:
                reason = _reason(result)
                seen[reason] += 1
                if seen[reason] <= view.full:
                    yield _unfinished_line(result, view)
        left = sum(max(0, count - view.full) for count in seen.values())
        if left:
            yield f"and {left} more {status.value}, for the same reasons"


def _reason(result: Result) -> str:
    """What is counted as one reason. Whoever was found otherwise than they were created is always named."""
    if result.status is Status.DONE:
        return result.detail
    return shared_reason(result.detail, result.address, result.id)


def _unfinished_line(result: Result, view: View) -> str:
    start, colour, ending = _WORDS[result.status]
    reason = f": {escape(result.detail)}" if result.detail else ""
    return f"{view.paint(start, colour)} {result.address}: {result.action}{ending}{reason}"


def _closing(report: Report) -> Iterator[str]:
    yield complete_line(report)
    if report.left:
        yield f"--limit: {count_of(report.left, 'change')} left for later runs."
    shares = f"{count_of(report.reads, 'read')}, {count_of(report.writes, 'write')}"
    yield f"Requests: {report.reads + report.writes} sent ({shares})."


def complete_line(report: Report) -> str:
    """``Apply complete! Resources: [N imported, ]N added, N changed, N destroyed.``, then our own counts.

    Terraform's words; an export counts as changed, a disconnect as destroyed. If anything is not done it
    begins with ``Apply incomplete:`` and counts that too.
    """
    done = {action: report.count(Status.DONE, action) for action in Action}
    line = (
        f"Resources: {f'{report.adopted} imported, ' if report.adopted else ''}{done[Action.CREATE]} added, "
        f"{done[Action.UPDATE] + done[Action.EXPORT]} changed, "
        f"{done[Action.DELETE] + done[Action.DISCONNECT]} destroyed."
    )
    ours = [
        f"{count} {word}"
        for count, word in (
            (report.forgotten, "forgotten"),
            (report.moved, "moved"),
            (done[Action.DISCONNECT], "disconnected"),
            (done[Action.EXPORT], "exported"),
            *((report.count(status), status.value) for status in Status if status is not Status.DONE),
            (len(report.blocked), "blocked"),
            (report.accepted, "accepted as blocked"),
        )
        if count
    ]
    start = "Apply complete!" if report.succeeded else "Apply incomplete:"
    return f"{start} {line}" + (f" {', '.join(ours)}." if ours else "")
