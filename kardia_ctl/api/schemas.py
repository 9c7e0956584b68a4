"""The shapes of answers: unknown fields are ignored, absent and null ones allowed, odd types accepted."""

from typing import Any

import msgspec

from kardia_ctl.model.patient import LivePatient

Scalar = str | int | float | bool | None
"""What servers put where the documents say string or number."""


class ErrorEntry(msgspec.Struct, frozen=True):
    """One entry of ``errors`` (API reference, "Errors"): every member is optional."""

    status: Scalar = None
    code: Scalar = None
    title: Scalar = None
    detail: Scalar = None


class ErrorList(msgspec.Struct, frozen=True):
    """Any object that may carry errors."""

    errors: Any = None


class Verdict(msgspec.Struct, frozen=True):
    """What an answer may say of its own success, beside ``errors``."""

    error: Any = None
    success: Any = None
    ok: Any = None
    status: Any = None
    statusCode: Any = None  # noqa: N815  (as gateways write it)


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Where a page ends and whether another follows (API reference, "Page Info Object")."""

    end_cursor: Scalar = None
    has_next_page: Scalar = None


class Paging(msgspec.Struct, frozen=True, rename="camel"):
    """What every page has beside its entries."""

    total_count: Scalar = None
    page_info: PageInfo | None = None


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """``patients``, or ``data`` as older servers named it."""

    errors: Any = None
    total_count: Scalar = None
    page_info: PageInfo | None = None
    patients: list[LivePatient] | msgspec.UnsetType | None = msgspec.UNSET
    data: list[LivePatient] | msgspec.UnsetType | None = msgspec.UNSET


class LoosePatient(msgspec.Struct, frozen=True):
    """A patient whose fields have whatever type the server chose."""

    id: Scalar = None
    mrn: Scalar = None
    dob: Scalar = None
    email: Scalar = None
    firstname: Scalar = None
    lastname: Scalar = None
    sex: Scalar = None
    status: Scalar = None


class LoosePage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of such patients: slower to read, so only when ``Page`` does not fit."""

    errors: Any = None
    total_count: Scalar = None
    page_info: PageInfo | None = None
    patients: list[LoosePatient] | msgspec.UnsetType | None = msgspec.UNSET
    data: list[LoosePatient] | msgspec.UnsetType | None = msgspec.UNSET


class LooseTemplate(msgspec.Struct, frozen=True):
    """An entry of GET /v1/teamConnectionTemplate."""

    teamID: Scalar = None  # noqa: N815  (the API's own names)
    teamId: Scalar = None  # noqa: N815
    templateId: Scalar = None  # noqa: N815
    templateName: Scalar = None  # noqa: N815
    duration: Scalar = None
    price: Scalar = None


class Code(msgspec.Struct, frozen=True):
    """A connection code."""

    code: Scalar = None
    status: Scalar = None


class Key(msgspec.Struct, frozen=True, rename="camel"):
    """An API key."""

    api_key: Scalar = None


class User(msgspec.Struct, frozen=True):
    """A mobile user: v1 answers with ``requestId``, pro with ``user_token``."""

    requestId: Scalar = None  # noqa: N815  (the API's own name)
    user_token: Scalar = None


class LooseParticipant(msgspec.Struct, frozen=True):
    """The echo of a pro participant."""

    customParticipantID: Scalar = None  # noqa: N815  (the API's own names)
    firstName: Scalar = None  # noqa: N815
    lastName: Scalar = None  # noqa: N815
    email: Scalar = None
    dob: Scalar = None
    sex: Scalar = None
