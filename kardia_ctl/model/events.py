"""What Kardia posts to a callback URL, and what that means for whoever watches the funnel.

============================  =========================  ===================  ==========================
``eventType``                 its body has               kind                 for the funnel
============================  =========================  ===================  ==========================
participantConnected          customParticipantId,       CONNECTED            look at this patient
                              v1 also patientId
participantDisconnected       the same                   DISCONNECTED         look at this patient
activityUpdate                fieldsUpdated              RECORDING_UPDATED    counted
activityUpdate                teamID                     ACTIVITY_UPDATE      counted
newRecording, qtAnalysis,     what the document shows    of the same name     counted
qtResultNotification,
newVendorSpecific…,
symptomsUpdate,
recordingInboxUpdated
none: the body is empty       —                          ESTABLISHED          counted
anything else                 —                          OTHER                counted
============================  =========================  ===================  ==========================

An ``activityUpdate`` with both members, or with neither, is in no document: OTHER.

Sources: API reference, "Webhooks", "Callback JSON examples", "QT callback JSON example"; Kardia Pro API
reference, "POST callback". No document knows a signature, a secret or an id of a delivery, so anybody who
reaches the URL can post: an event is a hint that something happened, and no proof of it.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

LONGEST: Final = 200
"""Characters of an id or mrn beyond which an event names nobody whom we could know."""


class EventKind(StrEnum):
    """What happened. The document calls two of them ``activityUpdate``; here they have two names."""

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
    """Of no documented form."""

    @property
    def moves(self) -> bool:
        """Whether it may move somebody in the funnel."""
        return self in (EventKind.CONNECTED, EventKind.DISCONNECTED)


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """One delivery, as far as the funnel wants to know it. Ids are as they were told; empty when not."""

    kind: EventKind
    patient_id: str = ""
    mrn: str = ""


@dataclass(slots=True)
class Heard:
    """What arrived so far.

    Attributes:
        kinds: How many events of each kind.
        unknown: How many of those were about a patient who is not declared.
        refused: How many deliveries were not taken: another path or method, or no event.
    """

    kinds: Counter[EventKind] = field(default_factory=Counter)
    unknown: int = 0
    refused: int = 0


class _Body(msgspec.Struct, frozen=True, rename="camel"):
    """The members that are looked at. What they hold is anybody's: checked below, member by member."""

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


def understood(body: bytes) -> Event:
    """What a body tells.

    Raises:
        ValueError: it is neither empty nor a JSON object with an ``eventType``. The text quotes nothing.
    """
    if not body.strip():
        return Event(EventKind.ESTABLISHED)
    try:
        said = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ValueError("no event: neither empty nor a JSON object with an eventType") from None
    kind = _kind(said)
    if kind.moves:
        return Event(kind, _name(said.patient_id), _name(said.custom_participant_id))
    return Event(kind)


def _kind(said: _Body) -> EventKind:
    kind = _PLAIN.get(said.event_type, EventKind.OTHER)
    if kind is not EventKind.ACTIVITY_UPDATE:
        return kind
    match said.fields_updated is not None, said.team_id is not None:
        case True, False:
            return EventKind.RECORDING_UPDATED
        case False, True:
            return EventKind.ACTIVITY_UPDATE
        case _:
            return EventKind.OTHER


def _name(told: Any) -> str:
    return told if isinstance(told, str) and len(told) <= LONGEST else ""
