"""The values that an account stores."""

from dataclasses import dataclass
from enum import Enum


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
