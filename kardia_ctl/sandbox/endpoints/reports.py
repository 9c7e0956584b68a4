"""PDFs: of a recording, and of what a patient recorded in some time.

Source: API reference, "Single ECG PDF" and "Get Summary Report".
"""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

from kardia_ctl.sandbox.account.ecg_recordings import Recording
from kardia_ctl.sandbox.data.values import Patient
from kardia_ctl.sandbox.endpoints.ecgs import READ, find
from kardia_ctl.sandbox.endpoints.patients import no_such_patient
from kardia_ctl.sandbox.error_answers import bad_request
from kardia_ctl.sandbox.http.endpoint import Answer, Call, Endpoint, pdf

_DAYS = timedelta(days=30)
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DATES = {"us": "%m/%d/%Y", "iso": "%Y-%m-%d"}


def recording(call: Call) -> Answer:
    """GET of a recording's PDF: its strip, enhanced, 25 mm a second and 10 mm a millivolt."""
    from kardia_ctl.sandbox.data.pdf import strips
    from kardia_ctl.sandbox.data.waveform import samples

    one = find(call)
    patient = call.account.patient(one.draft.patient_id)
    lines = [
        _name(patient),
        f"Recorded {one.recorded_at.isoformat(sep=' ', timespec='seconds')}",
        f"Determination: {one.draft.determination}",
        f"Heart rate: {one.draft.heart_rate} bpm, duration {one.draft.duration / 1000:g} s",
        f"Note: {one.draft.note}",
        f"Tags: {', '.join(one.draft.tags)}",
    ]
    return pdf(strips("ECG recording", lines, samples(one.trace, enhanced=True)))


def summary(call: Call) -> Answer:
    """GET /v1/patients/:id/summaryReport: the last 30 days unless startTime and endTime say otherwise."""
    from kardia_ctl.sandbox.data.pdf import listing

    patient = call.account.patient(call.path["id"])
    if patient is None:
        raise no_such_patient()
    form = call.query.get("dateFormat", "us")
    if form not in _DATES:
        raise bad_request("The dateFormat has to be us or iso.")
    start, end = _span(call)
    found = call.account.life.recorded_between(patient.id, start.timestamp(), end.timestamp())
    return pdf(listing("Summary report", _lines(patient, start, end, found, _DATES[form])))


def _lines(patient: Patient, start: datetime, end: datetime, found: list[Recording], dates: str) -> list[str]:
    counts = Counter(one.draft.determination for one in found)
    return [
        _name(patient),
        f"From {start.strftime(dates)} to {end.strftime(dates)}: {len(found)} recordings",
        *(f"    {count} x {determination}" for determination, count in sorted(counts.items())),
        "",
        *(
            f"{one.recorded_at.strftime(dates + ' %H:%M')}   {one.draft.determination}   "
            f"{one.draft.heart_rate} bpm   {one.draft.note}"
            for one in found
        ),
    ]


def _name(patient: Patient | None) -> str:
    if patient is None:
        return "Patient unknown"
    return f"{patient.firstname or ''} {patient.lastname or ''}, born {patient.dob}, {patient.mrn}".strip()


def _span(call: Call) -> tuple[datetime, datetime]:
    start, end = (_moment(call.query.get(name), name) for name in ("startTime", "endTime"))
    last = end or datetime.fromtimestamp(call.account.now(), UTC)
    try:
        first = start or last - _DAYS
    except OverflowError:
        raise bad_request("The endTime is too early.") from None
    if first > last:
        raise bad_request("The startTime has to be before the endTime.")
    return first, last


def _moment(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise bad_request(f"The {name} has to be a time as RFC 3339 has it, e.g. 2021-03-15T15:04:05Z.")


ENDPOINTS = (
    Endpoint("GET", "/v1/recordings/{id}.pdf", recording),
    READ,
    Endpoint(
        "GET",
        "/v1/patients/{id}/summaryReport",
        summary,
        query=frozenset(("startTime", "endTime", "dateFormat")),
    ),
)
