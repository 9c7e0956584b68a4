"""Answers as values of the model: one function for each form of answer that planning and applying expect.

Each raises ``UnreadableAnswer`` or ``UnexpectedAnswer`` for an answer of another form.
"""

from collections.abc import Sequence
from functools import cache

import msgspec

from kardia_ctl.api.answer import (
    Answer,
    UnexpectedAnswer,
    check_accepted,
    check_certain,
    check_complete,
    check_no_page,
    decode_json,
    next_cursor,
    number,
    optional_text,
    text,
    whole_number,
)
from kardia_ctl.api.schemas import (
    Code,
    Key,
    LoosePage,
    LooseParticipant,
    LoosePatient,
    LooseTemplate,
    Page,
    Scalar,
    User,
)
from kardia_ctl.model.patient import IssuedCode, LivePatient, PatientsPage
from kardia_ctl.model.template import LiveTemplate

_Patients = Sequence[LivePatient | LoosePatient]


def page(answer: Answer) -> PatientsPage:
    """A page of GET /v1/patients."""
    try:
        decoded: Page | LoosePage = decode_json(answer, Page)
    except UnexpectedAnswer:
        decoded = decode_json(answer, LoosePage)
    if decoded.errors:
        raise UnexpectedAnswer("the answer holds errors in spite of its status")
    patients = tuple(
        entry if isinstance(entry, LivePatient) else _patient(entry)
        for entry in _first_list(decoded.patients, decoded.data)
    )
    return PatientsPage(patients, whole_number(decoded.total_count), next_cursor(decoded.page_info))


def _first_list(*candidates: _Patients | msgspec.UnsetType | None) -> _Patients:
    """The first list with patients, else an empty one; servers have named it ``patients`` and ``data``."""
    present = [candidate for candidate in candidates if not isinstance(candidate, msgspec.UnsetType)]
    if not present:
        raise UnexpectedAnswer("the answer has no list of patients")
    return next((candidate for candidate in present if candidate), ())


def patient(answer: Answer) -> LivePatient:
    """One patient, with an id: the answer to a create or to a read by id."""
    check_accepted(answer)
    entry = decode_json(answer, LoosePatient)
    decoded = _patient(entry)
    if isinstance(entry.id, bool) or not _can_be_an_id(decoded.id):
        raise UnexpectedAnswer("the answer has no patient id")
    return decoded


def _can_be_an_id(value: str) -> bool:
    """Whether a text can name a patient in a path. Ids are opaque: their shape says nothing."""
    return value not in {"", ".", ".."} and not value.isspace() and value.isprintable()


def patient_or_none(answer: Answer) -> LivePatient | None:
    """One patient, for certain; None when the status means that there is none; a web page is an error."""
    check_no_page(answer)
    if not answer.is_success:
        return None
    decoded = patient(answer)
    check_certain(answer)
    return decoded


def templates(answer: Answer) -> tuple[LiveTemplate, ...]:
    """The bare array of GET /v1/teamConnectionTemplate. A template without an id cannot be used: left out."""
    if not answer.is_array:
        check_accepted(answer)
    entries = decode_json(answer, list[LooseTemplate])
    return tuple(_template(entry) for entry in entries if text(entry.templateId))


@cache
def _one_field(name: str) -> type[msgspec.Struct]:
    """The shape of an object of which one field is read."""
    return msgspec.defstruct(name, [(name, Scalar, None)], frozen=True)


def setting(answer: Answer, name: str) -> str | None:
    """The value of a setting's one field; None for an empty body, and when it is empty, null or missing."""
    check_no_page(answer)
    if not answer.is_success or not answer.body.strip():
        return None
    check_accepted(answer)
    return text(getattr(decode_json(answer, _one_field(name)), name)) or None


def issued(answer: Answer, mrn: str, template: str) -> IssuedCode:
    """The code of GET /v1/patients/:id/code or POST /e/v1/code."""
    check_accepted(answer)
    decoded = decode_json(answer, Code)
    code = text(decoded.code)
    if not code:
        raise UnexpectedAnswer("the answer has no code")
    return IssuedCode(mrn, code, template, text(decoded.status))


def api_key(answer: Answer) -> str:
    """The key of POST /v1/apikey and /v1/apikey/new."""
    check_accepted(answer)
    key = text(decode_json(answer, Key).api_key)
    if not key:
        raise UnexpectedAnswer("the answer has no key")
    return key


def user_token(answer: Answer) -> str:
    """The token of a mobile user that pro created: redeeming a code needs it."""
    check_accepted(answer)
    token = text(decode_json(answer, User).user_token)
    if not token:
        raise UnexpectedAnswer("the answer has no user token")
    return token


def participant(answer: Answer, mrn: str) -> LivePatient:
    """The participant that pro created, whose id is the mrn. The answer may be empty."""
    nothing(answer)
    if answer.body.lstrip()[:1] != b"{":
        return LivePatient(id=mrn, mrn=mrn)
    decoded = decode_json(answer, LooseParticipant)
    return LivePatient(id=mrn, mrn=text(decoded.customParticipantID) or mrn, dob=optional_text(decoded.dob))


def echo_of(answer: Answer, mrn: str) -> None:
    """Checks the echo of a pro participant to whom something was done; it may be empty."""
    if participant(answer, mrn).mrn != mrn:
        raise UnexpectedAnswer("the answer names another participant")


def nothing(answer: Answer) -> None:
    """Checks an answer whose content does not matter: complete, no web page, no errors."""
    check_no_page(answer)
    check_complete(answer)
    if answer.body.lstrip()[:1] in {b"{", b"["}:
        decode_json(answer, object)
    check_accepted(answer)


def _patient(entry: LoosePatient) -> LivePatient:
    return LivePatient(
        id=text(entry.id),
        mrn=text(entry.mrn),
        dob=optional_text(entry.dob),
        email=optional_text(entry.email),
        firstname=optional_text(entry.firstname),
        lastname=optional_text(entry.lastname),
        sex=entry.sex,
        status=optional_text(entry.status),
    )


def _template(entry: LooseTemplate) -> LiveTemplate:
    return LiveTemplate(
        id=text(entry.templateId),
        name=text(entry.templateName),
        team=text(entry.teamID) or text(entry.teamId),
        duration=whole_number(entry.duration),
        price=number(entry.price),
    )
