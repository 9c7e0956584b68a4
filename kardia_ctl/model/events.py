"""The events that Kardia posts to a callback URL, and what each means for the funnel.

============================  =========================  ===================  ==========================
``eventType``                 its body has               kind                 for the funnel
============================  =========================  ===================  ==========================
participantConnected          customParticipantId,       CONNECTED            read this patient
                              v1 also patientId
participantDisconnected       the same                   DISCONNECTED         read this patient
activityUpdate                fieldsUpdated              RECORDING_UPDATED    counted
activityUpdate                teamID                     ACTIVITY_UPDATE      counted
newRecording, qtAnalysis,     see the reference          of the same name     counted
qtResultNotification,
newVendorSpecific…,
symptomsUpdate,
recordingInboxUpdated
none: the body is empty       —                          ESTABLISHED          counted
anything else                 —                          OTHER                counted
============================  =========================  ===================  ==========================

An ``activityUpdate`` with both members or with neither is undocumented: OTHER.

Sources: API reference, "Webhooks", "Callback JSON examples", "QT callback JSON example"; Kardia Pro API
reference, "POST callback". Neither reference documents a signature, a secret or a delivery id, so anybody
who reaches the URL can post: an event is a hint, not a proof.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

MAX_ID_LENGTH: Final = 200
"""The most characters of an id or mrn in an event. A longer one belongs to no known patient."""


class EventKind(StrEnum):
    """What happened. The reference calls two kinds ``activityUpdate``; here each has its own name."""

    CONNECTED = "participantConnected"
    DISCONNECTED = "participantDisconnected"
    NEW_RECORDING = "newRecording"
    QT_ANALYSIS = "qtAnalysis"
    QT_RESULT = "qtResultNotification"
    INTERPRETATION = "newVendorSpecificInterpretation"
    RECORDING_UPDATED = "recordingUpdated"
    """An ``activityUpdate`` with ``fieldsUpdated`` ("Single Recording Updated")."""
    SYMPTOMS = "symptomsUpdate"
    ACTIVITY_UPDATE = "activityUpdate"
    """An ``activityUpdate`` with ``teamID`` ("Activities Updated in KRx App")."""
    INBOX = "recordingInboxUpdated"
    ESTABLISHED = "connectionEstablished"
    """A POST with an empty body (Kardia Pro API reference, "Connection established")."""
    OTHER = "other"
    """Undocumented."""

    @property
    def moves(self) -> bool:
        """Whether it may change a patient's stage."""
        return self in (EventKind.CONNECTED, EventKind.DISCONNECTED)


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """One delivery. The ids are the sender's, not verified; empty for events that change no stage."""

    kind: EventKind
    patient_id: str = ""
    mrn: str = ""


@dataclass(slots=True)
class EventCounts:
    """The deliveries received so far.

    Attributes:
        kinds: The number of events of each kind.
        unknown: The number of events about patients who are not declared.
        refused: The number of rejected deliveries: another path or method, or not an event.
    """

    kinds: Counter[EventKind] = field(default_factory=Counter)
    unknown: int = 0
    refused: int = 0


class _Body(msgspec.Struct, frozen=True, rename="camel"):
    """The members that are read. Their values are untrusted, and checked below one by one."""

    event_type: str
    patient_id: Any = None
    custom_participant_id: Any = None
    fields_updated: Any = None
    team_id: Any = msgspec.field(name="teamID", default=None)


_DECODER: Final = msgspec.json.Decoder(_Body)
_PLAIN: Final = {
    kind.value: kind
    for kind in EventKind
    if kind not in (EventKind.RECORDING_UPDATED, EventKind.ESTABLISHED, EventKind.OTHER)
}


def parse_event(body: bytes) -> Event:
    """The event of a request's body.

    Raises:
        ValueError: it is neither empty nor a JSON object with an ``eventType``. The text does not quote it.
    """
    if not body.strip():
        return Event(EventKind.ESTABLISHED)
    try:
        decoded = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ValueError("no event: neither empty nor a JSON object with an eventType") from None
    kind = _kind(decoded)
    if kind.moves:
        return Event(kind, _id(decoded.patient_id), _id(decoded.custom_participant_id))
    return Event(kind)


def _kind(decoded: _Body) -> EventKind:
    kind = _PLAIN.get(decoded.event_type, EventKind.OTHER)
    if kind is not EventKind.ACTIVITY_UPDATE:
        return kind
    match decoded.fields_updated is not None, decoded.team_id is not None:
        case True, False:
            return EventKind.RECORDING_UPDATED
        case False, True:
            return EventKind.ACTIVITY_UPDATE
        case _:
            return EventKind.OTHER


def _id(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= MAX_ID_LENGTH else ""
