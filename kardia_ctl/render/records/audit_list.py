"""The audit log as text, NDJSON and OTLP."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from kardia_ctl import __version__
from kardia_ctl.render.escape import escape

_WHO = ("workspace", "who", "url", "approval")
_WHAT = ("action", "address", "addresses", "outcome")


def audit_lines(entries: Iterable[tuple[int, str]]) -> Iterator[str]:
    """An entry a line: number, time, event, and what it is about. Entries are numbers with their JSON."""
    for number, text in entries:
        entry = _parsed(text)
        values = [escape(_plain(entry[name])) for name in (*_WHAT, *_WHO) if entry.get(name)]
        about = "  ".join(values)
        yield f"{number:>6}  {escape(entry['at'])}  {escape(entry['event']):<14}  {about}".rstrip()


def audit_ndjson(number: int, text: str, chained: str) -> str:
    """An entry as a JSON object on one line, with its number and the hash of the chain up to it."""
    return json.dumps({"number": number, **_parsed(text), "hash": chained}, ensure_ascii=False)


def audit_otlp(entries: Iterable[tuple[int, str, str]]) -> str:
    """The log as one OTLP logs request in JSON (opentelemetry.io, "OTLP", JSON Protobuf encoding)."""
    scope = {"name": "kardia-ctl", "version": __version__}
    records = [_record(number, _parsed(text), chained) for number, text, chained in entries]
    resource = {"attributes": [_attribute("service.name", "kardia-ctl")]}
    return json.dumps(
        {"resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": records}]}]},
        ensure_ascii=False,
    )


def _parsed(text: str) -> dict[str, Any]:
    """The values of an entry; of one that was tampered with only that."""
    try:
        entry: dict[str, Any] = json.loads(text)
        datetime.fromisoformat(entry["at"])
    except (ValueError, KeyError, TypeError):
        return {"at": "1970-01-01T00:00:00Z", "event": "damaged"}
    return {"event": "damaged", **entry}


def _record(number: int, entry: Mapping[str, Any], chained: str) -> dict[str, Any]:
    at = datetime.fromisoformat(entry["at"])
    values = {"audit.number": number, "audit.hash": chained, **dict(_flat(entry))}
    return {
        "timeUnixNano": str(round(at.timestamp() * 1000) * 1_000_000),
        "severityNumber": 9,
        "severityText": "INFO",
        "body": {"stringValue": str(entry["event"])},
        "attributes": [_attribute(name, value) for name, value in values.items()],
    }


def _flat(entry: Mapping[str, Any], before: str = "kardia") -> Iterator[tuple[str, Any]]:
    for name, value in entry.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}.{name}")
        else:
            yield f"{before}.{name}", _plain(value) if isinstance(value, list) else value


def _attribute(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"key": name, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": name, "value": {"intValue": str(value)}}
    return {"key": name, "value": {"stringValue": str(value)}}


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items() if count)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
