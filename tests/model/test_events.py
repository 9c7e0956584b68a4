"""What each documented body means, and what is no event."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.events import MAX_ID_LENGTH, Event, EventKind, parse_event

WHO = {"patientId": "456patientID", "customParticipantId": "customPatientMRN"}
RECORDING = {"recordingId": "123recordingIDTest"}
TEAM = {"teamID": "567testTeamIdForDevs", "teamName": "Practice Name I23"}

DOCUMENTED: list[tuple[EventKind, dict[str, Any]]] = [
    # API reference, "Webhooks": the nine of v1
    (EventKind.NEW_RECORDING, {"eventType": "newRecording", **RECORDING, "patientId": "456patientID"}),
    (EventKind.QT_ANALYSIS, {"eventType": "qtAnalysis", **RECORDING}),
    (EventKind.QT_RESULT, {"eventType": "qtResultNotification", **RECORDING, "patientId": "456patientID"}),
    (
        EventKind.INTERPRETATION,
        {
            "eventType": "newVendorSpecificInterpretation",
            **RECORDING,
            "patientId": "456patientID",
            "remarks": "notes here",
            "timestamp": "1617927783",
        },
    ),
    (EventKind.CONNECTED, {"eventType": "participantConnected", **WHO}),
    (EventKind.DISCONNECTED, {"eventType": "participantDisconnected", **WHO}),
    (
        EventKind.RECORDING_UPDATED,
        {"eventType": "activityUpdate", **RECORDING, "fieldsUpdated": ["note", "tags_data"]},
    ),
    (EventKind.SYMPTOMS, {"eventType": "symptomsUpdate", **RECORDING, **TEAM}),
    (EventKind.ACTIVITY_UPDATE, {"eventType": "activityUpdate", **RECORDING, **TEAM}),
    (
        EventKind.INBOX,
        {"eventType": "recordingInboxUpdated", "memberId": "doctorMemberId", "action": "trigger"},
    ),
    # Kardia Pro API reference, "POST callback": three with a body
    (EventKind.CONNECTED, {"eventType": "participantConnected", "customParticipantId": "string"}),
    (EventKind.DISCONNECTED, {"eventType": "participantDisconnected", "customParticipantId": "string"}),
    (EventKind.NEW_RECORDING, {"eventType": "newRecording", "customParticipantId": "string"}),
]


def told(body: dict[str, Any]) -> Event:
    return parse_event(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("kind", "body"), DOCUMENTED, ids=lambda one: one.name if isinstance(one, EventKind) else ""
)
def test_every_documented_body_has_its_kind(kind: EventKind, body: dict[str, Any]) -> None:
    assert told(body).kind is kind


def test_an_empty_body_is_the_connection_established_of_pro() -> None:
    assert parse_event(b"") == Event(EventKind.ESTABLISHED)


def test_every_kind_but_other_is_documented() -> None:
    assert {kind for kind, _ in DOCUMENTED} == {*EventKind} - {EventKind.OTHER, EventKind.ESTABLISHED}


def test_the_two_activity_updates_are_told_apart_and_neither_form_is_other() -> None:
    said = {"eventType": "activityUpdate", **RECORDING}
    assert told(said | {"fieldsUpdated": ["note"]}).kind is EventKind.RECORDING_UPDATED
    assert told(said | TEAM).kind is EventKind.ACTIVITY_UPDATE
    assert told(said).kind is EventKind.OTHER
    assert told(said | TEAM | {"fieldsUpdated": ["note"]}).kind is EventKind.OTHER


@pytest.mark.parametrize("name", ["recordingUpdated", "connectionEstablished", "other", "somethingNew", ""])
def test_names_of_our_own_and_of_nobody_are_other(name: str) -> None:
    assert told({"eventType": name}).kind is EventKind.OTHER


def test_only_connections_tell_who() -> None:
    assert told({"eventType": "participantConnected", **WHO}) == Event(
        EventKind.CONNECTED, "456patientID", "customPatientMRN"
    )
    assert told({"eventType": "newRecording", **WHO}) == Event(EventKind.NEW_RECORDING)


@pytest.mark.parametrize("name", [None, 7, ["x"], {"a": 1}, "x" * (MAX_ID_LENGTH + 1)])
def test_what_is_no_name_names_nobody(name: object) -> None:
    said = {"eventType": "participantConnected", "patientId": name, "customParticipantId": name}
    assert told(said) == Event(EventKind.CONNECTED)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"null",
        b'"participantConnected"',
        b'{"eventType": 7}',
        b'{"eventType": "newRecording"',
        b"\xff",
        b'{"eventType": "\\ud800"}',
        b"[" * 60_000,
        b'{"eventType": "x", "patientId": ' + b"[" * 60_000,
    ],
    ids=range(10),
)
def test_what_is_no_event_is_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(ValueError, match="no event") as refused:
        parse_event(body)
    assert str(refused.value) == "no event: neither empty nor a JSON object with an eventType"
    assert refused.value.__cause__ is None


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_an_event_or_refused(body: bytes) -> None:
    with suppress(ValueError):
        assert parse_event(body).kind in EventKind


def test_an_event_shows_nobody_in_a_traceback() -> None:
    assert "456" not in repr(told({"eventType": "participantConnected", **WHO}))
