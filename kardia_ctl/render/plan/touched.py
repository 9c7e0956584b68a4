"""Whom a plan touches, as lines and as JSON: what every form of a plan begins with."""

from collections.abc import Iterator
from typing import Any, Final

from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.render.text import count_of

LATER: Final = "recordings are read just before a deletion"


def touched_lines(touched: Touched) -> Iterator[str]:
    """A sentence each: who leaves, what cannot be undone, whose events go elsewhere. None for nobody."""
    if touched.leaving:
        facts = _counted((touched.connected, "connected"), (touched.unknown, "possibly connected"))
        yield f"Touches {count_of(touched.leaving, 'departing patient')} ({facts or 'none connected'})."
    if touched.deleted:
        facts = _counted((touched.recorded, "with recordings"), (touched.unread, f"unknown: {LATER}"))
        deletions = count_of(touched.deleted, "deletion")
        yield f"Cannot be undone: {deletions} ({facts or 'none with recordings'})."
    if touched.redirected:
        yield f"Sends the events of {_patients(touched)} elsewhere: {', '.join(touched.redirected)}."
    if touched.opened:
        yield f"Begins to send the events of {_patients(touched)}: {', '.join(touched.opened)}."


def _patients(touched: Touched) -> str:
    if touched.patients is None:
        return "every live patient (their number was not read)"
    monitored = "" if touched.monitored is None else f" ({touched.monitored} connected)"
    return f"{count_of(touched.patients, 'live patient')}{monitored}"


def _counted(*facts: tuple[int, str]) -> str:
    return ", ".join(f"{number} {words}" for number, words in facts if number)


def touched_json(touched: Touched) -> dict[str, Any]:
    """The member ``touched`` of a document; none where nobody is touched. Unknown numbers are null."""
    if touched.is_nobody:
        return {}
    found: dict[str, Any] = {}
    if touched.leaving:
        found["departing"] = {
            "patients": touched.leaving,
            "connected": touched.connected,
            "connection_unknown": touched.unknown,
            "deleted": touched.deleted,
            "with_recordings": touched.recorded,
            "recordings_unknown": touched.unread,
        }
    if touched.redirected or touched.opened:
        found["events"] = {
            "patients": touched.patients,
            "connected": touched.monitored,
            "redirected": list(touched.redirected),
            "opened": list(touched.opened),
        }
    return {"touched": found}
