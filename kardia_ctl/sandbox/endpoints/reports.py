"""PDFs: of one recording, and of a patient's recordings.

Source: API reference, "Single ECG PDF" and "Get Summary Report". The documents do not show what the PDFs look
like: here each is one page of text.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from kardia_ctl.sandbox.data.values import Patient, Recording
from kardia_ctl.sandbox.endpoints.ecgs import find
from kardia_ctl.sandbox.endpoints.patients import no_such_patient
from kardia_ctl.sandbox.http.error_responses import bad_request
from kardia_ctl.sandbox.http.route import EndpointCall, Route

_DAYS = timedelta(days=30)
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DATES = {"us": "%m/%d/%Y", "iso": "%Y-%m-%d"}
_LINES = 50
"""The lines of text that fit on the page."""


def recording_pdf(call: EndpointCall) -> Response:
    """GET of a recording's PDF: its patient, time, determination, note and tags."""
    recording = find(call)
    fields = recording.fields
    lines = [
        _name(call.account.patients.get(fields.patient_id)),
        f"Recorded {recording.recorded_at.isoformat(sep=' ', timespec='seconds')}",
        f"Determination: {fields.determination}",
        f"Heart rate: {fields.heart_rate} bpm, duration {fields.duration / 1000:g} s, {fields.leads} lead(s)",
        f"Note: {fields.note}",
        f"Tags: {', '.join(fields.tags)}",
    ]
    return _pdf("ECG recording", lines)


def summary(call: EndpointCall) -> Response:
    """GET /v1/patients/:id/summaryReport: the last 30 days unless startTime and endTime say otherwise."""
    patient = call.account.patients.get(call.path["id"])
    if patient is None:
        raise no_such_patient()
    if (date_format := call.query.get("dateFormat", "us")) not in _DATES:
        raise bad_request("The dateFormat must be us or iso.")
    start, end = _span(call)
    recordings = call.account.recordings.between(patient.id, start.timestamp(), end.timestamp())
    return _pdf("Summary report", _summary_lines(patient, start, end, recordings, _DATES[date_format]))


def _summary_lines(
    patient: Patient, start: datetime, end: datetime, recordings: list[Recording], dates: str
) -> list[str]:
    counts = Counter(recording.fields.determination for recording in recordings)
    return [
        _name(patient),
        f"From {start.strftime(dates)} to {end.strftime(dates)}: {len(recordings)} recordings",
        *(f"    {count} x {determination}" for determination, count in sorted(counts.items())),
        "",
        *(
            f"{recording.recorded_at.strftime(dates + ' %H:%M')}   {recording.fields.determination}   "
            f"{recording.fields.heart_rate} bpm   {recording.fields.note}"
            for recording in recordings
        ),
    ]


def _name(patient: Patient | None) -> str:
    if patient is None:
        return "Patient unknown"
    return f"{patient.firstname or ''} {patient.lastname or ''}, born {patient.dob}, {patient.mrn}".strip()


def _span(call: EndpointCall) -> tuple[datetime, datetime]:
    start, end = (_time(call.query.get(name), name) for name in ("startTime", "endTime"))
    last = end or datetime.fromtimestamp(call.account.now(), UTC)
    try:
        first = start or last - _DAYS
    except OverflowError:
        raise bad_request("The endTime is too early.") from None
    if first > last:
        raise bad_request("The startTime must be before the endTime.")
    return first, last


def _time(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise bad_request(f"The {name} must be a time as in RFC 3339, e.g. 2021-03-15T15:04:05Z.")


def _pdf(title: str, lines: Sequence[str]) -> Response:
    """Return lines of text as a PDF of one page, which says how many lines it leaves out."""
    shown = [title, "", *lines[:_LINES]]
    if len(lines) > _LINES:
        shown.append(f"... and {len(lines) - _LINES} more")
    text = b"\n".join(b"(" + _escaped(line) + b") Tj T*" for line in shown)
    stream = b"BT /F1 10 Tf 14 TL 50 800 Td\n" + text + b"\nET"
    return Response(_document(stream), media_type="application/pdf")


def _escaped(line: str) -> bytes:
    """Return a line as the content of a PDF string in WinAnsiEncoding, which is cp1252."""
    return re.sub(rb"([\\()])", rb"\\\1", line.encode("cp1252", "replace"))


def _document(stream: bytes) -> bytes:
    """Return a PDF file with one page, whose content is `stream` (ISO 32000-1, "File Structure")."""
    resources = b"<< /Font << /F1 5 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources %s >>" % resources,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    content, table = b"%PDF-1.7\n", b"0000000000 65535 f \n"
    for number, body in enumerate(objects, start=1):
        table += b"%010d 00000 n \n" % len(content)
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(content))
    return content + b"xref\n0 %d\n%s" % (size, table) + trailer


ROUTES = (
    Route("GET", "/v1/recordings/{id}.pdf", recording_pdf),
    Route(
        "GET",
        "/v1/patients/{id}/summaryReport",
        summary,
        query=frozenset(("startTime", "endTime", "dateFormat")),
    ),
)
