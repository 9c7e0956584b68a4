"""The v1 dialect: the ports' methods as calls (API reference, "Patients", "Teams", "Webhooks")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from kardia_ctl.api import decode, endpoints
from kardia_ctl.api.http.transport import Call
from kardia_ctl.api.recordings_answer import recordings_proven
from kardia_ctl.api.scrubbing.scrub import secrets_of
from kardia_ctl.api.sender import Exchange, SafeReads
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import (
    UNSET,
    DesiredPatient,
    IssuedCode,
    LivePatient,
    PatientsPage,
)
from kardia_ctl.model.ports import Reader, Writer, always
from kardia_ctl.model.template import LiveTemplate


@dataclass(frozen=True, slots=True)
class _Setting:
    """How a setting is read and set: its endpoints, and the one field of both bodies."""

    read: endpoints.Endpoint
    write: endpoints.Endpoint
    field: str = "url"

    def hidden(self, value: str) -> tuple[str, ...]:
        """The parts of a value that no message may repeat."""
        return secrets_of(value) if self.field == "url" else (value,)


_SETTINGS: Final[Mapping[Kind, _Setting]] = {
    Kind.CALLBACK: _Setting(endpoints.READ_CALLBACK, endpoints.SET_CALLBACK),
    Kind.QT_CALLBACK: _Setting(endpoints.READ_QT_CALLBACK, endpoints.SET_QT_CALLBACK),
}
_SENT: Final = ("mrn", "dob", "email", "firstname", "lastname", "sex")
_PHI: Final = ("dob", "email", "firstname", "lastname")


class V1Reader(Reader):
    """The ``Reader`` of v1 (see ``kardia_ctl.model.ports``)."""

    def __init__(self, reads: SafeReads) -> None:
        self._reads = reads

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        """GET /v1/patients, newest first; ``limit`` 1 to 500, ``start`` a cursor as the server gave it."""
        query = (("limit", str(limit)), *((("start", start),) if start is not None else ()))
        return await self._reads.run(Call(endpoints.LIST_PATIENTS, query=query), decode.page)

    async def patient(self, patient_id: str) -> LivePatient | None:
        """GET /v1/patients/:id; None on 404, unless it is a web page: that is not the API's answer."""
        return await self._reads.run(Call(endpoints.READ_PATIENT, (patient_id,)), decode.patient_or_none)

    async def setting(self, kind: Kind) -> str | None:
        """GET /v1/callback or /v1/qtCallback; None when nothing is set: empty, null, missing, 404 or 400.

        A 404 or 400 with a web page is an error: something between us and the API answered.
        """
        setting = _SETTINGS[kind]
        return await self._reads.run(Call(setting.read), partial(decode.setting, name=setting.field))

    async def templates(self) -> tuple[LiveTemplate, ...]:
        """GET /v1/teamConnectionTemplate."""
        return await self._reads.run(Call(endpoints.LIST_TEMPLATES), decode.templates)

    async def recordings(self, patient_id: str) -> int | None:
        """How many recordings a patient has, as far as GET /v1/patients/:id/recordings proves it."""
        call = Call(endpoints.COUNT_RECORDINGS, (patient_id,), query=(("limit", "1"),))
        return await self._reads.run(call, recordings_proven)


class V1Writer(Writer):
    """The ``Writer`` of v1 (see ``kardia_ctl.model.ports``)."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def create_patient(self, patient: DesiredPatient) -> LivePatient:
        """POST /v1/patients. Only declared attributes are sent. Sent once, whatever the answer."""
        form = tuple((name, value) for name in _SENT if (value := getattr(patient, name)) != UNSET)
        hidden = tuple(getattr(patient, name) for name in _PHI)
        return await self._exchange.run(
            Call(endpoints.CREATE_PATIENT, form=form, hidden=hidden), decode.patient
        )

    async def issue_code(self, patient_id: str, mrn: str, template_id: str) -> IssuedCode:
        """GET /v1/patients/:id/code: an effect, possibly a billable order. Repeatable."""
        call = Call(endpoints.ISSUE_CODE, (patient_id,), query=(("template_id", template_id),))
        issued = await self._exchange.run(call, partial(decode.issued, mrn=mrn, template=template_id))
        self._exchange.scrub.hide(issued.code)
        return issued

    async def set_setting(self, kind: Kind, value: str) -> None:
        """PUT /v1/callback or /v1/qtCallback. Repeatable."""
        setting = _SETTINGS[kind]
        form = ((setting.field, value),)
        await self._do(Call(setting.write, form=form, hidden=setting.hidden(value)))

    async def add_service_provider(self, team: str, provider: str) -> None:
        """POST /partner/v1/teams/:id/serviceProviderTeams/:spid. Repeatable."""
        await self._do(Call(endpoints.ADD_PROVIDER, (team, provider)))

    async def disconnect(self, patient_id: str) -> None:
        """POST /v1/patients/:id/disconnect. Repeatable."""
        await self._do(Call(endpoints.DISCONNECT, (patient_id,)))

    async def delete_patient(self, patient_id: str, is_current: Callable[[], bool] = always) -> None:
        """DELETE /v1/patients/:id; accepted, not yet gone. Repeatable (see ``Writer``)."""
        await self._do(Call(endpoints.DELETE_PATIENT, (patient_id,), is_current=is_current))

    async def export_patient(self, patient_id: str) -> None:
        """GET /v1/patients/:id/export: an effect; it is queued and mailed to the key's owner. Sent once."""
        await self._do(Call(endpoints.EXPORT_PATIENT, (patient_id,)))

    async def create_user(self, patient_id: str, email: str, country: str, password: str) -> str:
        """POST /v1/users: the server connects the user, so there is no token. Sent once."""
        form = (("email", email), ("password", password), ("countryCode", country), ("patientId", patient_id))
        await self._do(Call(endpoints.CREATE_USER, form=form, hidden=(email, password)))
        return ""

    async def _do(self, call: Call) -> None:
        await self._exchange.run(call, decode.nothing)


async def create_key(exchange: Exchange, email: str, password: str) -> str:
    """The account's API key for a login: POST /v1/apikey, sent without a key.

    Raises:
        ApiError: as the methods of ``V1Writer``.
    """
    form = (("email", email), ("password", password))
    return await _key(exchange, Call(endpoints.CREATE_KEY, form=form, hidden=(email, password)))


async def renew_key(exchange: Exchange) -> str:
    """A new API key: POST /v1/apikey/new. The answer is its only copy; the old key may die at once.

    Raises:
        ApiError: as the methods of ``V1Writer``. Never sent twice on a guess.
    """
    return await _key(exchange, Call(endpoints.RENEW_KEY))


async def _key(exchange: Exchange, call: Call) -> str:
    key = await exchange.run(call, decode.api_key)
    exchange.scrub.hide(key)
    return key
