"""The columns of each list that can be read, and which of its fields anybody may see.

Field names are the API's own. A field that is not named here is left out where patients' values are hidden:
only what is known to be harmless is shown.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shape:
    """One list.

    Attributes:
        noun: One row of it, for counts.
        columns: The columns of a table and of CSV, in order.
        visible: The fields that anybody may see.
        guarded: Fields of free text that anybody may see without what looks like a secret or a person.
        time: The field that says when; empty when there is none.
    """

    noun: str
    columns: tuple[str, ...]
    visible: frozenset[str]
    guarded: frozenset[str] = frozenset()
    time: str = ""


CUSTOM: Final = "participantCustomFields"
"""API reference, "Custom Participant Fields Object"."""

SAMPLES: Final = "data"
"""API reference, "ECG Object"."""

_RECORDING: Final = ("id", "patientID", "recordedAt", "duration", "heartRate", "algorithmDetermination")

PATIENTS: Final = Shape(
    "patient",
    ("id", "mrn", "status", "sex", "dob", "email", "firstname", "lastname"),
    frozenset({"id", "mrn"}),
    guarded=frozenset({"status"}),
)
PATIENTS_WITH_FIELDS: Final = Shape(
    "patient", (*PATIENTS.columns, "phone", CUSTOM), PATIENTS.visible | {CUSTOM}, PATIENTS.guarded
)
RECORDINGS: Final = Shape(
    "recording", (*_RECORDING, "tags", "note"), frozenset(_RECORDING), time="recordedAt"
)
SYMPTOMS: Final = Shape(
    "symptom",
    ("recordingID", "symptomId", "createdAt", "symptomName"),
    frozenset({"recordingID", "symptomId", "createdAt", "symptomName"}),
)
ACTIVITY: Final = Shape(
    "activity",
    ("recordingID", "activityLevelID", "createdAt", "name"),
    frozenset({"recordingID", "activityLevelID", "createdAt", "name"}),
)
LOGS: Final = Shape(
    "log",
    ("createdAt", "eventType", "statusCode", "error"),
    frozenset({"createdAt", "eventType", "statusCode"}),
    guarded=frozenset({"error"}),
    time="createdAt",
)
TEMPLATES: Final = Shape(
    "template",
    ("templateId", "templateName", "duration", "price", "teamID"),
    frozenset({"templateId", "duration", "price", "teamID", "teamId"}),
    guarded=frozenset({"templateName"}),
)
TEAMS: Final = Shape(
    "team",
    ("id", "name", "timezone", "callbackUrl", "createdAt", "updatedAt"),
    frozenset({"id", "timezone", "callbackUrl", "avatarUrl", "logoUrl", "createdAt", "updatedAt"}),
    guarded=frozenset({"name"}),
)
FIELDS: Final = Shape(
    "field",
    ("id", "fieldName", "displayName", "isRequired", "isVisible", "isCustom", "isKeyIdentifier"),
    frozenset(
        {
            "id",
            "teamId",
            "fieldName",
            "displayName",
            "isRequired",
            "isVisible",
            "isCustom",
            "isKeyIdentifier",
            "kardiaRXVisible",
            "createdAt",
            "updatedAt",
        }
    ),
)
RECORDING: Final = Shape(
    "recording",
    (*_RECORDING, "customParticipantID", "tags", "note"),
    frozenset(_RECORDING)
    | {"customParticipantID", "afibDetected", "noiseDetected", "normalDetected", SAMPLES},
)
"""One recording with its samples, of either dialect."""

QT: Final = Shape(
    "measurement",
    ("recordingID", "measurementID", "qt", "rr", "qtcb", "qtcf", "errorType", "error"),
    frozenset({"recordingID", "measurementID", "qt", "rr", "qtcb", "qtcf", "errorType"}),
    guarded=frozenset({"error"}),
)
