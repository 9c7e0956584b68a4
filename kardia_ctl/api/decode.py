"""Answers as they come over the wire, read tolerantly: more fields, fewer fields, null and odd types."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import isfinite
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from kardia_ctl.api.schemas import (
    Code,
    Envelope,
    Fault,
    Key,
    LoosePage,
    LooseParticipant,
    LoosePatient,
    LooseTemplate,
    Page,
    PageInfo,
    Text,
    Total,
    User,
)
from kardia_ctl.model.patient import IssuedCode, LivePatient, PatientsPage
from kardia_ctl.model.template import LiveTemplate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read to its end, or (``whole`` False) to the bound.

    ``wait`` is what Retry-After asks for in seconds, ``location`` where a redirect would have led.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    whole: bool = True
    wait: float | None = None
    location: str = field(default="", repr=False)

    @property
    def is_page(self) -> bool:
        """Whether it is HTML or XML: something between us and the API has spoken, not the API."""
        return "html" in self.content_type or self.body.lstrip()[:1] == b"<"


class Unreadable(Exception):  # noqa: N818  (it names an ending)
    """The body is not JSON: a page, half an answer, something else. The text holds none of it."""


class Wanting(Exception):  # noqa: N818  (it names an ending)
    """The body is JSON and not what the request was for. The text holds none of its values."""


_Rows: TypeAlias = Sequence[LivePatient | LoosePatient]
_MOST_FAULTS: Final = 100
BOM: Final = b"\xef\xbb\xbf"
"""What some servers put before their JSON."""


def faults(answer: Answer) -> tuple[Fault, ...]:
    """The ``errors`` of an answer, whatever its status; none when it has none that can be read."""
    try:
        found = decoded(answer, Envelope).errors
    except (Unreadable, Wanting):
        return ()
    if not found:
        return ()
    entries = found if isinstance(found, list) else [found]
    return tuple(_fault(entry) for entry in entries[:_MOST_FAULTS])


def page(answer: Answer) -> PatientsPage:
    """A page of GET /v1/patients."""
    try:
        found: Page | LoosePage = decoded(answer, Page)
    except Wanting:
        found = decoded(answer, LoosePage)
    if found.errors:
        raise Wanting("the answer holds errors in spite of its status")
    patients = tuple(
        row if isinstance(row, LivePatient) else _patient(row) for row in _rows(found.patients, found.data)
    )
    return PatientsPage(patients, whole_number(found.total_count), next_cursor(found.page_info))


def patient(answer: Answer) -> LivePatient:
    """One patient, with an id: the answer to a create or to a read by id."""
    sound(answer)
    found = _patient(decoded(answer, LoosePatient))
    if not found.id:
        raise Wanting("the answer has no patient id")
    return found


def patient_or_none(answer: Answer) -> LivePatient | None:
    """One patient; None when the answer's status says that there is none, and no web page says so."""
    if answer.is_page:
        raise Unreadable("the answer is a web page")
    return patient(answer) if 200 <= answer.status < 300 else None


def templates(answer: Answer) -> tuple[LiveTemplate, ...]:
    """The bare array of GET /v1/teamConnectionTemplate. A template without an id cannot be used: left out."""
    if not answer.body.lstrip(BOM).lstrip().startswith(b"["):
        sound(answer)
    rows = decoded(answer, list[LooseTemplate])
    return tuple(_template(row) for row in rows if _text(row.templateId))


@cache
def _one_text(name: str) -> type[msgspec.Struct]:
    """The shape of an object of which one field is read."""
    return msgspec.defstruct(name, [(name, Text, None)], frozen=True)


def setting(answer: Answer, name: str) -> str | None:
    """The value of a setting's one field; None for an empty body, and when it is empty, null or missing."""
    if answer.is_page:
        raise Unreadable("the answer is a web page")
    if not 200 <= answer.status < 300 or not answer.body.strip():
        return None
    sound(answer)
    return _text(getattr(decoded(answer, _one_text(name)), name)) or None


def issued(answer: Answer, mrn: str, template: str) -> IssuedCode:
    """The code of GET /v1/patients/:id/code."""
    sound(answer)
    found = decoded(answer, Code)
    code = _text(found.code)
    if not code:
        raise Wanting("the answer has no code")
    return IssuedCode(mrn, code, template, _text(found.status))


def api_key(answer: Answer) -> str:
    """The key of POST /v1/apikey and /v1/apikey/new."""
    sound(answer)
    key = _text(decoded(answer, Key).api_key)
    if not key:
        raise Wanting("the answer has no key")
    return key


def user_token(answer: Answer) -> str:
    """The token of a user that pro made: redeeming a code needs it."""
    sound(answer)
    token = _text(decoded(answer, User).user_token)
    if not token:
        raise Wanting("the answer has no user token")
    return token


def participant(answer: Answer, mrn: str) -> LivePatient:
    """The echo of a pro participant, whose id is the mrn. An empty answer says as much as an echo."""
    nothing(answer)
    if answer.body.lstrip()[:1] != b"{":
        return LivePatient(id=mrn, mrn=mrn)
    row = decoded(answer, LooseParticipant)
    return LivePatient(id=mrn, mrn=_text(row.customParticipantID) or mrn, dob=_optional(row.dob))


def total(answer: Answer) -> int | None:
    """How many there are in a list; None when the server does not say."""
    sound(answer)
    return whole_number(decoded(answer, Total).total_count)


def nothing(answer: Answer) -> None:
    """An answer of which nothing is expected: empty, {}, an echo, a word; but no page, no half, no errors."""
    if answer.is_page or not answer.whole:
        raise Unreadable("the answer is a web page" if answer.is_page else "the answer is too large")
    if answer.body.lstrip()[:1] in {b"{", b"["}:
        decoded(answer, object)
        sound(answer)


def sound(answer: Answer) -> None:
    """Refuse an answer that carries errors in spite of its status.

    Raises:
        Wanting: it does.
    """
    if faults(answer):
        raise Wanting("the answer holds errors in spite of its status")


def decoded(answer: Answer, shape: type[T]) -> T:
    """The body as a shape.

    Raises:
        Unreadable: it is not JSON, or not whole.
        Wanting: it is JSON of another shape.
    """
    if not answer.whole:
        raise Unreadable("the answer is larger than the bound")
    try:
        return msgspec.json.decode(answer.body.removeprefix(BOM), type=shape)
    except msgspec.ValidationError as error:
        raise Wanting(f"the answer has another shape: {_place(error)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreadable("the answer is a web page" if answer.is_page else "the answer is not JSON") from None
    except RecursionError:
        raise Unreadable("the answer is nested too deeply") from None


def _place(error: msgspec.ValidationError) -> str:
    # "Expected `str`, got `int` - at `$.url`": types and places, never values.
    return str(error)


def _rows(*named: Sequence[LivePatient | LoosePatient] | msgspec.UnsetType | None) -> _Rows:
    given = [rows for rows in named if not isinstance(rows, msgspec.UnsetType)]
    if not given:
        raise Wanting("the answer has no list of patients")
    return next((rows for rows in given if rows), ())


def next_cursor(info: PageInfo | None) -> str | None:
    """The cursor of the next page; None when this is the last. Raises ``Wanting`` when it is missing."""
    if info is None or info.has_next_page in {None, False, "false", ""}:
        return None
    cursor = _text(info.end_cursor)
    if not cursor:
        raise Wanting("the answer claims a further page and gives no cursor to it")
    return cursor


def _patient(row: LoosePatient) -> LivePatient:
    return LivePatient(
        id=_text(row.id),
        mrn=_text(row.mrn),
        dob=_optional(row.dob),
        email=_optional(row.email),
        firstname=_optional(row.firstname),
        lastname=_optional(row.lastname),
        sex=row.sex,
        status=_optional(row.status),
    )


def _template(row: LooseTemplate) -> LiveTemplate:
    return LiveTemplate(
        id=_text(row.templateId),
        name=_text(row.templateName),
        team=_text(row.teamID) or _text(row.teamId),
        duration=whole_number(row.duration),
        price=_number(row.price),
    )


def _fault(entry: Any) -> Fault:
    try:
        return msgspec.convert(entry, Fault)
    except msgspec.ValidationError:
        return Fault()


def _text(value: Text) -> str:
    return "" if value is None else str(value)


def _optional(value: Text) -> str | None:
    return None if value is None else str(value)


def _number(value: Text) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = None if value is None else float(value)
    except (ValueError, OverflowError):
        return None
    return number if number is None or isfinite(number) else None


def whole_number(value: Text) -> int | None:
    """A whole number, however it was sent; None for what is none."""
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None
