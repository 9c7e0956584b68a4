"""The webhook events of both documents and their bodies.

Source: API reference, "Webhooks" and "QT callback JSON example"; Kardia Pro reference, "POST callback".
"""

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kardia_ctl.sandbox.data.values import Hook


class WebhookEvent(Enum):
    """An event; the v1 document calls two of them `activityUpdate`, which have two names here."""

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
    """A POST with an empty body, in the Kardia Pro reference alone ("Connection established")."""


@dataclass(frozen=True, slots=True)
class EventDetails:
    """The values of an event's body; each event uses those that its body has."""

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
class WebhookMessage:
    """A POST to a callback URL: which URL, the event's name in the log, and the body."""

    hook: Hook
    event: str
    body: str


def messages(event: WebhookEvent, details: EventDetails) -> list[WebhookMessage]:
    """Return the messages of an event: to the v1 callback, the QT callback and the pro callback."""
    sent = []
    if (body := _v1_body(event, details)) is not None:
        hook = Hook.QT_CALLBACK if event is WebhookEvent.QT_ANALYSIS else Hook.CALLBACK
        sent.append(WebhookMessage(hook, body["eventType"], json.dumps(body, ensure_ascii=False)))
    if event in (WebhookEvent.CONNECTED, WebhookEvent.ESTABLISHED):
        sent.append(WebhookMessage(Hook.PRO_CALLBACK, WebhookEvent.ESTABLISHED.value, ""))
    if event in (WebhookEvent.CONNECTED, WebhookEvent.DISCONNECTED, WebhookEvent.NEW_RECORDING):
        pro = {"eventType": event.value, "customParticipantId": details.mrn}
        sent.append(WebhookMessage(Hook.PRO_CALLBACK, event.value, json.dumps(pro, ensure_ascii=False)))
    return sent


def _v1_body(event: WebhookEvent, details: EventDetails) -> dict[str, Any] | None:
    recording = {"recordingId": details.recording_id}
    team = {"teamID": details.team_id, "teamName": details.team_name}
    match event:
        case WebhookEvent.NEW_RECORDING | WebhookEvent.QT_RESULT:
            rest: dict[str, Any] = recording | {"patientId": details.patient_id}
        case WebhookEvent.QT_ANALYSIS:
            rest = recording
        case WebhookEvent.INTERPRETATION:
            rest = recording | {"patientId": details.patient_id}
            rest |= {"remarks": details.remarks, "timestamp": details.timestamp}
        case WebhookEvent.CONNECTED | WebhookEvent.DISCONNECTED:
            rest = {"patientId": details.patient_id, "customParticipantId": details.mrn}
        case WebhookEvent.RECORDING_UPDATED:
            return {"eventType": "activityUpdate"} | recording | {"fieldsUpdated": list(details.fields)}
        case WebhookEvent.SYMPTOMS | WebhookEvent.ACTIVITIES:
            rest = recording | team
        case WebhookEvent.INBOX:
            rest = {"memberId": details.member_id, "action": details.action}
        case WebhookEvent.ESTABLISHED:
            return None
    return {"eventType": event.value} | rest
