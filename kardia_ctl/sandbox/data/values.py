"""The values that an account holds, as Python may ask for them: the ground truth of a test."""

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """Connection status of a patient (API reference, "Patient Object")."""

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
    """What a caller says of a patient (API reference, "Create Patient"); None is "not given"."""

    mrn: str
    dob: str
    email: str
    firstname: str | None = None
    lastname: str | None = None
    sex: int | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as the account holds it.

    `created_at` and `gone_at` are in seconds of the account's clock. `listed` is false while a list still
    lags; `gone_at` is when an accepted deletion takes effect.
    """

    id: str
    mrn: str
    dob: str
    email: str
    firstname: str | None
    lastname: str | None
    sex: int | None
    status: Status
    created_at: float
    listed: bool
    gone_at: float | None


@dataclass(frozen=True, slots=True)
class Code:
    """A connection code that was minted; `voided_at` is when it stopped being valid, None while it is."""

    code: str
    patient_id: str
    template_id: str
    minted_at: float
    voided_at: float | None


@dataclass(frozen=True, slots=True)
class Issued:
    """A valid code and the patient's status with it (API reference, "Get Connection Code")."""

    code: str
    status: Status


@dataclass(frozen=True, slots=True)
class Template:
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
class RequestRecord:
    """One request that arrived: never its body, query or ids.

    `route` is the path's template ("" for an unknown path); `status` is what the caller was answered, None
    when the connection was dropped instead; `fault` names the fault that was played, if any.
    """

    method: str
    route: str
    status: int | None
    at: float
    fault: str | None
