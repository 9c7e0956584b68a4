"""The values that an account stores."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum

from kardia_ctl.sandbox.data.invented_ecg import Trace


class PatientStatus(Enum):
    """The connection status of a patient (API reference, "Patient Object")."""

    NONE = "none"
    PENDING = "pending"
    CONNECTED = "connected"


class Hook(Enum):
    """The callback URLs of a team.

    Two are v1's (API reference, "Set callback URL", "Set QT Analysis Callback URL"), one is pro's.
    """

    CALLBACK = "callback"
    QT_CALLBACK = "qtCallback"
    PRO_CALLBACK = "proCallback"


@dataclass(frozen=True, slots=True)
class PatientFields:
    """The fields of a new patient (API reference, "Create Patient"); None means "not given"."""

    mrn: str
    dob: str
    email: str
    firstname: str | None = None
    lastname: str | None = None
    sex: int | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as the account stores it.

    `created_at` and `gone_at` are in seconds. `listed` is false while the list lags behind; `gone_at` is when
    an accepted deletion takes effect.
    """

    id: str
    mrn: str
    dob: str
    email: str
    firstname: str | None
    lastname: str | None
    sex: int | None
    status: PatientStatus
    created_at: float
    listed: bool
    gone_at: float | None


@dataclass(frozen=True, slots=True)
class MintedCode:
    """A connection code; times are in seconds, and `voided_at` is None while it is valid."""

    code: str
    patient_id: str
    template_id: str
    minted_at: float
    voided_at: float | None


@dataclass(frozen=True, slots=True)
class ValidCode:
    """A valid code and the patient's status (API reference, "Get Connection Code")."""

    code: str
    status: PatientStatus


@dataclass(frozen=True, slots=True)
class ConnectionTemplate:
    """A connection template (API reference, "Get Connection Templates"); duration in days."""

    id: str
    team_id: str
    name: str
    duration: int
    price: float


@dataclass(frozen=True, slots=True)
class Provider:
    """A service provider that was added to a team (API reference, "Add service Provider")."""

    team_id: str
    provider_id: str


@dataclass(frozen=True, slots=True)
class RecordingFields:
    """The content of a recording.

    Attributes:
        patient_id: the id of the patient.
        duration: in milliseconds.
        heart_rate: in beats per minute.
        determination: one of `invented_ecg.DETERMINATIONS`.
        note: the patient's note.
        tags: the patient's tags.
        symptoms: the names of the patient's symptoms.
        activities: the names of the patient's activities.
        leads: 1 or 6.
        screening: whether a screening station recorded it instead of the patient's own application.
        offset_minutes: the offset of the patient's clock from UTC.
        seed: the seed of the waveform.
    """

    patient_id: str
    duration: int = 30_000
    heart_rate: int = 65
    determination: str = "normal"
    note: str = ""
    tags: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    leads: int = 1
    screening: bool = False
    offset_minutes: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording; `recorded` and `added` are in microseconds, `seq` is its row number once it is stored."""

    id: str
    recorded: int
    added: int
    fields: RecordingFields
    seq: int = 0

    @property
    def created_at(self) -> int:
        """The time that orders lists: when it was recorded, in microseconds."""
        return self.recorded

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded, in the patient's own time zone."""
        zone = timezone(timedelta(minutes=self.fields.offset_minutes))
        return datetime.fromtimestamp(self.recorded // 1_000_000, zone)

    @property
    def added_at(self) -> str:
        """When the account received it, in the format of the symptoms' and activities' timestamps."""
        return datetime.fromtimestamp(self.added / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def trace(self) -> Trace:
        """The parameters of its samples."""
        fields = self.fields
        return Trace(fields.seed, fields.determination, fields.heart_rate, fields.duration, fields.leads)
