"""The shapes of v1's answers: unknown fields ignored, absent and null ones allowed, odd types let through."""

from typing import Any

import msgspec

from kardia_ctl.model.patient import LivePatient

Text = str | int | float | bool | None
"""What servers put where the documents say string or number."""


class Fault(msgspec.Struct, frozen=True):
    """One entry of ``errors`` (API reference, "Errors"): every member is optional."""

    status: Text = None
    code: Text = None
    title: Text = None
    detail: Text = None


class Envelope(msgspec.Struct, frozen=True):
    """Any object that may carry errors."""

    errors: Any = None


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Where a page ends and whether another follows (API reference, "Page Info Object")."""

    end_cursor: Text = None
    has_next_page: Text = None


class Paging(msgspec.Struct, frozen=True, rename="camel"):
    """What every page has beside its rows."""

    total_count: Text = None
    page_info: PageInfo | None = None


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """``patients``, or ``data`` as older servers named it."""

    errors: Any = None
    total_count: Text = None
    page_info: PageInfo | None = None
    patients: list[LivePatient] | msgspec.UnsetType | None = msgspec.UNSET
    data: list[LivePatient] | msgspec.UnsetType | None = msgspec.UNSET


class LoosePatient(msgspec.Struct, frozen=True):
    """A patient whose fields have whatever type the server chose."""

    id: Text = None
    mrn: Text = None
    dob: Text = None
    email: Text = None
    firstname: Text = None
    lastname: Text = None
    sex: Text = None
    status: Text = None


class LoosePage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of such patients: slower to read, so only when ``Page`` does not fit."""

    errors: Any = None
    total_count: Text = None
    page_info: PageInfo | None = None
    patients: list[LoosePatient] | msgspec.UnsetType | None = msgspec.UNSET
    data: list[LoosePatient] | msgspec.UnsetType | None = msgspec.UNSET


class LooseTemplate(msgspec.Struct, frozen=True):
    """A row of GET /v1/teamConnectionTemplate."""

    teamID: Text = None  # noqa: N815  (the API's own names)
    teamId: Text = None  # noqa: N815
    templateId: Text = None  # noqa: N815
    templateName: Text = None  # noqa: N815
    duration: Text = None
    price: Text = None


class Code(msgspec.Struct, frozen=True):
    """A connection code."""

    code: Text = None
    status: Text = None


class Key(msgspec.Struct, frozen=True, rename="camel"):
    """An API key."""

    api_key: Text = None


class User(msgspec.Struct, frozen=True):
    """A mobile user: v1 answers with ``requestId``, pro with ``user_token``."""

    requestId: Text = None  # noqa: N815  (the API's own name)
    user_token: Text = None


class Total(msgspec.Struct, frozen=True, rename="camel"):
    """Any paged list, of which only the count is wanted."""

    total_count: Text = None


class LooseParticipant(msgspec.Struct, frozen=True):
    """The echo of a pro participant."""

    customParticipantID: Text = None  # noqa: N815  (the API's own names)
    firstName: Text = None  # noqa: N815
    lastName: Text = None  # noqa: N815
    email: Text = None
    dob: Text = None
    sex: Text = None
