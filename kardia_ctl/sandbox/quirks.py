"""Switches for the open points of the API references.

Each switch is a detail that the documents leave open, so that a client can be tested against every reading of
them. The defaults are the plainest reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Self, cast

_WHOLE = ("page_cap", "total_count_offset")
SERVED: Mapping[str, Any] = {"strictness": "lenient", "delete_delay": 2}
"""The defaults of `kardia-ctl sandbox serve` that differ from those of a sandbox in the process."""


class DuplicateMrn(Enum):
    """The response to creating a second patient with the same mrn (not documented)."""

    ACCEPTED = "accepted"
    CONFLICT = "409"


class UnsetCallback(Enum):
    """The response to reading a callback that was never set (not documented)."""

    EMPTY = "empty"
    NULL = "null"
    NOT_FOUND = "404"
    BAD_REQUEST = "400"


class CallbackForm(Enum):
    """How a callback URL is kept (not documented): as it was sent, or as a URL parser prints it again."""

    AS_SENT = "as-sent"
    NORMALIZED = "normalized"


class CreateStatus(Enum):
    """The status of a successful v1 "Create Patient" or "Create User" (not documented)."""

    OK = "200"
    CREATED = "201"


class ListEnvelope(Enum):
    """The name of the array of "Get All Patients": older servers used `data`."""

    PATIENTS = "patients"
    DATA = "data"


class CursorStyle(Enum):
    """The content of a page cursor.

    EXACT names a row. OFFSET counts rows, so added or removed rows shift the pages. SECOND names a whole
    second, so rows of the same second that did not fit on the page are never listed.
    """

    EXACT = "exact"
    OFFSET = "offset"
    SECOND = "second"


class OldKey(Enum):
    """Whether the old key is still valid after a new one was generated (not documented)."""

    REVOKED = "revoked"
    LIVES = "lives"


class UnsetField(Enum):
    """Whether an optional field that was not given is returned as a zero value, or left out."""

    ZERO = "zero"
    ABSENT = "absent"


class DataController(Enum):
    """Whether the key has the access that "Delete Patient" and "Export Patient" need; if not, 403 or 401."""

    GRANTED = "granted"
    WITHHELD = "withheld"
    UNAUTHORIZED = "withheld-401"


class Strictness(Enum):
    """How a request with unknown fields, or with the other API's authentication scheme, is handled.

    STRICT refuses it, which finds a client's mistakes. LENIENT ignores unknown fields and accepts the key as
    Basic user name, as bearer token and bare on both APIs, so that every published client works.
    """

    STRICT = "strict"
    LENIENT = "lenient"


class Naming(Enum):
    """The names of fields where a table of the document and its example differ.

    EXAMPLE: mains_freq, lead_I in the enhanced data, fieldName. TABLE: mainsFrequency, leadI, FieldName.
    """

    EXAMPLE = "example"
    TABLE = "table"


class DuplicateUser(Enum):
    """The response to a second mobile user with the same e-mail address (not documented)."""

    BAD_REQUEST = "400"
    CONFLICT = "409"
    ACCEPTED = "accepted"


class ProPdf(Enum):
    """The path of a recording's PDF in pro (not documented): as in v1, or below the recording."""

    SUFFIX = "suffix"
    FOLDER = "folder"


class Disconnected(Enum):
    """The response of "Disconnect patient connection": {} in its example, an empty response in its text."""

    OBJECT = "object"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a sandbox reads the open points of the documents; the choices are explained at their enums.

    Attributes:
        list_lag: seconds until a new patient is in the list and in totalCount; reading by id works at once.
        commit_latency: seconds from the response of a create until the patient exists.
        delete_delay: seconds from the 202 of a DELETE until the patient is gone.
        page_cap: the maximum page size, whatever the requested limit.
        total_count_offset: the error of totalCount.
        code_lifetime: seconds after which an unused connection code expires.
        user_delay: seconds from the response of "Create User" until the patient is connected.
    """

    duplicate_mrn: DuplicateMrn = DuplicateMrn.ACCEPTED
    unset_callback: UnsetCallback = UnsetCallback.EMPTY
    callback_form: CallbackForm = CallbackForm.AS_SENT
    create_status: CreateStatus = CreateStatus.OK
    envelope: ListEnvelope = ListEnvelope.PATIENTS
    cursor_style: CursorStyle = CursorStyle.EXACT
    old_key: OldKey = OldKey.REVOKED
    unset_field: UnsetField = UnsetField.ZERO
    data_controller: DataController = DataController.GRANTED
    strictness: Strictness = Strictness.STRICT
    naming: Naming = Naming.EXAMPLE
    duplicate_user: DuplicateUser = DuplicateUser.BAD_REQUEST
    user_status: CreateStatus = CreateStatus.OK
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
        """Read switches from JSON values: `{"cursor_style": "second", "list_lag": 3}`.

        Raises:
            ValueError: an unknown name or value, which the message names.
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
