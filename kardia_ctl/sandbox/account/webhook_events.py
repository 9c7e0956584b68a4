"""The webhook events of both documents and their bodies.

Source: API reference, "Webhooks" and "QT callback JSON example"; Kardia Pro reference, "POST callback".
"""

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kardia_ctl.sandbox.data.values import Hook


class Event(Enum):
    """What may happen; the v1 document calls two of them `activityUpdate`, so here they have two names."""

    NEW_RECORDING = "newRecording"
    QT_ANALYSIS = "qtAnalysis"
    QT_RESULT = "qtResultNotification"
    INTERPRETATION = "newVendorSpecificInterpretation"
    CONNECTED = "participantConnected"
    DISCONNECTED = "participantDisconnected"
    RECORDING_UPDATED = "recordingUpdated"
    """An `activityUpdate` with `fieldsUpdated` ("Single Recording Updated")."""
    SYMPTOMS = "symptomsUpdate"
    ACTIVITIES = "activityUpdate"
    """An `activityUpdate` with `teamID` ("Activities Updated in KRx App")."""
    INBOX = "recordingInboxUpdated"
    ESTABLISHED = "connectionEstablished"
    """Only the Kardia Pro reference knows it, as a POST with an empty body ("Connection established")."""


@dataclass(frozen=True, slots=True)
class About:
    """What an event is about; an event uses what its body has a place for."""

    patient_id: str = ""
    mrn: str = ""
    recording_id: str = ""
    remarks: str = ""
    timestamp: str = ""
    fields: tuple[str, ...] = ("note", "tags_data")
    team_id: str = ""
    team_name: str = ""
    member_id: str = ""
    action: str = "trigger"


@dataclass(frozen=True, slots=True)
class Message:
    """A POST to a callback URL: which URL, the name of its event in the log, and its body."""

    hook: Hook
    event: str
    body: str


def messages(event: Event, about: About) -> list[Message]:
    """Return what an event sends: to the v1 callback, to the QT callback, and to the pro callback."""
    found = []
    if (body := _v1_body(event, about)) is not None:
        hook = Hook.QT_CALLBACK if event is Event.QT_ANALYSIS else Hook.CALLBACK
        found.append(Message(hook, body["eventType"], json.dumps(body, ensure_ascii=False)))
    if event in (Event.CONNECTED, Event.ESTABLISHED):
        found.append(Message(Hook.PRO_CALLBACK, Event.ESTABLISHED.value, ""))
    if event in (Event.CONNECTED, Event.DISCONNECTED, Event.NEW_RECORDING):
        pro = {"eventType": event.value, "customParticipantId": about.mrn}
        found.append(Message(Hook.PRO_CALLBACK, event.value, json.dumps(pro, ensure_ascii=False)))
    return found


def _v1_body(event: Event, about: About) -> dict[str, Any] | None:
    recording = {"recordingId": about.recording_id}
    team = {"teamID": about.team_id, "teamName": about.team_name}
    match event:
        case Event.NEW_RECORDING | Event.QT_RESULT:
            rest: dict[str, Any] = recording | {"patientId": about.patient_id}
        case Event.QT_ANALYSIS:
            rest = recording
        case Event.INTERPRETATION:
            rest = recording | {"patientId": about.patient_id}
            rest |= {"remarks": about.remarks, "timestamp": about.timestamp}
        case Event.CONNECTED | Event.DISCONNECTED:
            rest = {"patientId": about.patient_id, "customParticipantId": about.mrn}
        case Event.RECORDING_UPDATED:
            return {"eventType": "activityUpdate"} | recording | {"fieldsUpdated": list(about.fields)}
        case Event.SYMPTOMS | Event.ACTIVITIES:
            rest = recording | team
        case Event.INBOX:
            rest = {"memberId": about.member_id, "action": about.action}
        case Event.ESTABLISHED:
            return None
    return {"eventType": event.value} | rest
