"""Switches for what the API reference leaves open.

Each switch is one of the details that the documents do not settle, so that a client can be tried against
every reading of them. The defaults are the plainest reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Self, cast

_WHOLE = ("page_cap", "total_count_offset")
SERVED: Mapping[str, Any] = {"strictness": "lenient", "delete_delay": 2}
"""What `kardia-ctl sandbox serve` reads differently from a sandbox in the process, unless it is told."""


class DuplicateMrn(Enum):
    """What creating a second patient with a known mrn does (not documented)."""

    ACCEPTED = "accepted"
    CONFLICT = "409"


class UnsetCallback(Enum):
    """What reading a callback answers before one was set (not documented)."""

    EMPTY = "empty"
    NULL = "null"
    NOT_FOUND = "404"
    BAD_REQUEST = "400"


class CreateStatus(Enum):
    """The status of a successful "Create Patient" (not documented)."""

    OK = "200"
    CREATED = "201"


class Envelope(Enum):
    """The name of the array of "Get All Patients": older servers said `data`."""

    PATIENTS = "patients"
    DATA = "data"


class CursorStyle(Enum):
    """What a page cursor holds.

    EXACT names a row; OFFSET counts rows, so rows that come or go shift the pages; SECOND names a whole
    second, so of the rows that share one, those past the page's edge are never listed.
    """

    EXACT = "exact"
    OFFSET = "offset"
    SECOND = "second"


class OldKey(Enum):
    """What becomes of the key that asked for a new one (not documented)."""

    REVOKED = "revoked"
    LIVES = "lives"


class UnsetField(Enum):
    """How a patient's optional field that was never given is answered: as a zero value, or not at all."""

    ZERO = "zero"
    ABSENT = "absent"


class DataController(Enum):
    """Whether the key has the access that "Delete Patient" and "Export Patient" need; else 403 or 401."""

    GRANTED = "granted"
    WITHHELD = "withheld"
    UNAUTHORIZED = "withheld-401"


class Strictness(Enum):
    """What becomes of a request that holds more than its endpoint knows, or another scheme's credentials.

    STRICT refuses it, which finds a client's mistakes. LENIENT leaves aside what it does not know and takes
    the key as Basic user name, as bearer token and bare on both APIs, which lets every published client in.
    """

    STRICT = "strict"
    LENIENT = "lenient"


class Naming(Enum):
    """Whose names the fields bear where a table of the document and its example differ.

    EXAMPLE: mains_freq, lead_I in the enhanced data, fieldName. TABLE: mainsFrequency, leadI, FieldName.
    """

    EXAMPLE = "example"
    TABLE = "table"


class DuplicateUser(Enum):
    """What a second mobile user with one e-mail address does (not documented)."""

    BAD_REQUEST = "400"
    CONFLICT = "409"
    ACCEPTED = "accepted"


class UserStatus(Enum):
    """The status of a successful v1 "Create User" (not documented; pro says 201)."""

    OK = "200"
    CREATED = "201"


class ProPdf(Enum):
    """Where pro has the PDF of a recording (not documented): as in v1, or below the recording."""

    SUFFIX = "suffix"
    FOLDER = "folder"


class Disconnected(Enum):
    """What "Disconnect patient connection" answers: its example says {}, its text an empty response."""

    OBJECT = "object"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Quirks:
    """How one sandbox reads the open points of the documents.

    Attributes:
        duplicate_mrn: what a second patient with one mrn does.
        unset_callback: what a callback that was never set answers.
        create_status: the status of a successful create.
        envelope: the name of the array in the list of patients.
        cursor_style: what the list's cursors hold.
        old_key: what becomes of a key that was exchanged for a new one.
        unset_field: how optional fields that were never given are answered.
        data_controller: whether DELETE and export are allowed.
        strictness: what becomes of what is not known.
        naming: whose names fields bear where the document has two.
        duplicate_user: what a second mobile user with one e-mail address does.
        user_status: the status of a successful v1 "Create User".
        disconnected: what a disconnection answers.
        pro_pdf: where pro has the PDF of a recording; the other path is 404.
        list_lag: seconds until a new patient is in the list and in totalCount; reading by id works at once.
        commit_latency: seconds from the answer of a create until the patient exists anywhere.
        delete_delay: seconds from the 202 of a DELETE until the patient is gone.
        page_cap: the most patients that a page holds, whatever limit was asked for.
        total_count_offset: what totalCount is wrong by.
        code_lifetime: seconds after which an unused connection code expires.
        user_delay: seconds from the answer of "Create User" until its patient is connected.
    """

    duplicate_mrn: DuplicateMrn = DuplicateMrn.ACCEPTED
    unset_callback: UnsetCallback = UnsetCallback.EMPTY
    create_status: CreateStatus = CreateStatus.OK
    envelope: Envelope = Envelope.PATIENTS
    cursor_style: CursorStyle = CursorStyle.EXACT
    old_key: OldKey = OldKey.REVOKED
    unset_field: UnsetField = UnsetField.ZERO
    data_controller: DataController = DataController.GRANTED
    strictness: Strictness = Strictness.STRICT
    naming: Naming = Naming.EXAMPLE
    duplicate_user: DuplicateUser = DuplicateUser.BAD_REQUEST
    user_status: UserStatus = UserStatus.OK
    disconnected: Disconnected = Disconnected.OBJECT
    pro_pdf: ProPdf = ProPdf.SUFFIX
    list_lag: float = 0.0
    commit_latency: float = 0.0
    delete_delay: float = 0.0
    page_cap: int | None = None
    total_count_offset: int = 0
    code_lifetime: float | None = None
    user_delay: float = 0.0

    def __post_init__(self) -> None:
        for name in ("list_lag", "commit_latency", "delete_delay", "user_delay"):
            if getattr(self, name) < 0:
                raise ValueError(f"quirk {name}: must not be negative")
        if self.page_cap is not None and not 1 <= self.page_cap <= 500:
            raise ValueError("quirk page_cap: must be 1 to 500")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Read switches from plain JSON, choices by their value: `{"cursor_style": "second", "list_lag": 3}`.

        Raises:
            ValueError: an unknown name or value, named in the message.
        """
        known = {field.name: field.default for field in fields(cls)}
        if unknown := sorted(set(mapping) - set(known)):
            raise ValueError(f"unknown quirk {unknown[0]!r}; known are {', '.join(known)}")
        return cls(**{name: _read(name, known[name], value) for name, value in mapping.items()})


def _read(name: str, default: object, value: Any) -> Any:
    if isinstance(default, Enum):
        choices = [cast("str", choice.value) for choice in type(default)]
        if value not in choices:
            raise ValueError(f"quirk {name}: must be one of {', '.join(choices)}")
        return type(default)(value)
    kinds: tuple[type, ...] = (int,) if name in _WHOLE else (int, float)
    nothing = value is None and default is None
    if not nothing and type(value) not in kinds:
        raise ValueError(f"quirk {name}: must be a {'whole number' if name in _WHOLE else 'number'}")
    return value
