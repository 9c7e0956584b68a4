"""Changes of the funnel and webhook deliveries: a line for each, as text and as JSON.

No line holds an mrn, an id or anything else of a delivery: kinds and counts alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kardia_ctl.model.events import EventCounts, EventKind
from kardia_ctl.model.funnel import Counts, StatusReport
from kardia_ctl.render.status.json import counts_json, name_json, status_json
from kardia_ctl.render.status.text import NAMES
from kardia_ctl.render.text import count_of, iso_time

UNSIGNED: Final = "Kardia does not sign webhooks: an event is only a hint, and the API's answer counts."
UNVERIFIED: Final = (
    "Kardia does not sign webhooks, and this API does not show patients: stages come from events alone and "
    "are not verified."
)
_WATCHED: Final = ("pending", "expired", "unknown", "created")
"""The stages that a change line names when the number of connected patients has not changed."""


def change_line(before: StatusReport, after: StatusReport, clock: str) -> str:
    """``12:03:11 connected: 41 of 120 (+1)``. Ends with a newline."""
    found = list(_changes(before.total, after.total)) or ["stages changed within cohorts, totals did not"]
    unverified = "; not verified" if after.unverified else ""
    return f"{clock} {', '.join(found)}{unverified}\n"


def _changes(before: Counts, after: Counts) -> Iterator[str]:
    if after.connected != before.connected:
        yield f"connected: {after.connected} of {after.declared} ({after.connected - before.connected:+d})"
        return
    for stage in _WATCHED:
        was, now = getattr(before, stage), getattr(after, stage)
        if was != now:
            yield f"{NAMES[stage]}: {now} of {after.declared} ({now - was:+d})"


def events_line(events: EventCounts) -> str:
    """``Events: 3 newRecording, 1 participantConnected; 1 about unknown patients.`` Ends with a newline."""
    kinds = ", ".join(f"{events.kinds[kind]} {kind}" for kind in EventKind if events.kinds[kind])
    parts = [kinds or "none yet"]
    if events.unknown:
        parts.append(f"{events.unknown} about unknown patients")
    if events.refused:
        parts.append(f"{count_of(events.refused, 'request')} refused")
    return f"Events: {'; '.join(parts)}.\n"


def status_line(report: StatusReport, events: EventCounts) -> Mapping[str, Any]:
    """The whole funnel: the first line of a stream, and its last."""
    return {"type": "status", **status_json(report), **_event_counts(events)}


def change_json(report: StatusReport) -> Mapping[str, Any]:
    """The counts after a change."""
    return {
        "type": "change",
        "timestamp": iso_time(report.at),
        "told": report.unverified,
        "cohorts": [
            {"name": name_json(name), **counts_json(counts)} for name, counts in report.cohorts.items()
        ],
        "total": counts_json(report.total),
    }


def events_json(events: EventCounts, at: int) -> Mapping[str, Any]:
    """The deliveries so far. ``at`` is in Unix seconds."""
    return {"type": "events", "timestamp": iso_time(at), **_event_counts(events)}


def _event_counts(events: EventCounts) -> Mapping[str, Any]:
    return {
        "events": {kind.value: events.kinds[kind] for kind in EventKind if events.kinds[kind]},
        "unknown_patients": events.unknown,
        "refused": events.refused,
    }
