"""Patients in bulk.

These are msgspec structs, not dataclasses: an account has up to a million patients, a struct costs an
eighth of the time to build, decodes straight from a page, and the garbage collector does not visit it.
"""

from typing import Final

import msgspec

ATTRIBUTES: Final = ("dob", "email", "firstname", "lastname", "sex")
"""A patient's attributes besides the mrn, by the API's names, in the order of a record's fingerprints."""

UNSET: Final = ""
"""An attribute that was not declared. An empty text cannot be declared, so this is unambiguous."""


class _Person(msgspec.Struct, frozen=True, gc=False):
    """Shows the mrn alone in its repr: tracebacks and logs must not hold a patient's values."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mrn={getattr(self, 'mrn', '')!r})"


class DesiredPatient(_Person, frozen=True, gc=False):
    """A patient that the configuration declares. Texts are as written; ``sex`` is its ISO/IEC 5218 digit.

    ``firstname``, ``lastname`` and ``sex`` may be undeclared (``UNSET``), in pro also ``dob`` and ``email``.
    Only pro has a ``phone``. ``codes`` are template names. ``ignore`` are attributes in which live may
    differ. ``id`` pins a live patient. ``file`` and ``line`` are where the patient is declared.
    """

    mrn: str
    dob: str
    email: str
    firstname: str = UNSET
    lastname: str = UNSET
    sex: str = UNSET
    codes: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    id: str = UNSET
    file: str = ""
    line: int = 0
    cohort: str = ""
    phone: str = UNSET


class LivePatient(_Person, frozen=True, gc=False):
    """A patient as the API shows it (API reference, "Patient Object").

    ``sex`` may be absent, and servers have sent it as a number or as text. ``status`` is pending,
    connected or none, and absent from the response to a create.
    """

    id: str = ""
    mrn: str = ""
    dob: str | None = None
    email: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    sex: int | float | str | None = None
    status: str | None = None


class PatientsPage(msgspec.Struct, frozen=True, gc=False):
    """One page of GET /v1/patients, newest first. ``total`` is None when the server omits it."""

    patients: tuple[LivePatient, ...]
    total: int | None
    next_cursor: str | None


class IssuedCode(_Person, frozen=True, gc=False):
    """An issued connection code, or a generated password. Both are secrets: only --codes-out gets them.

    ``issued`` is when the code was ordered, in Unix seconds; 0 while that is not known. ``password`` is the
    generated password of the patient's mobile user; ``code`` is empty then.
    """

    mrn: str
    code: str
    template: str
    status: str
    issued: int = 0
    password: str = ""
