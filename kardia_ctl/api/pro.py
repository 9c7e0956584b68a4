"""The pro dialect: the ports' methods as calls (Kardia Pro API reference). Bodies are JSON.

A participant is named by ``customParticipantID``, which is the mrn: it stands wherever v1 has an id.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from kardia_ctl.api import decode, endpoints
from kardia_ctl.api.endpoints import json_body
from kardia_ctl.api.http.transport import Call
from kardia_ctl.api.scrubbing.scrub import secrets_of
from kardia_ctl.api.sender import Exchange, SafeReads
from kardia_ctl.model.errors import NotExecuted
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import (
    UNSET,
    DesiredPatient,
    IssuedCode,
    LivePatient,
)
from kardia_ctl.model.ports import Reader, Writer

_NAMES: Final = {
    "mrn": "customParticipantID",
    "firstname": "firstName",
    "lastname": "lastName",
    "email": "email",
    "phone": "phone",
    "dob": "dob",
}
_PHI: Final = ("firstname", "lastname", "email", "phone", "dob")


def _json(values: Mapping[str, str | int | float]) -> tuple[str, bytes]:
    return "application/json", json_body(values)


class ProReader(Reader):
    """The ``Reader`` of pro: the API shows the callback and nothing else."""

    def __init__(self, reads: SafeReads) -> None:
        self._reads = reads

    async def setting(self, kind: Kind) -> str | None:
        """GET /e/v1/callback; None when nothing is set: empty, null, missing, 404 or 400."""
        if kind is not Kind.CALLBACK:
            return await super().setting(kind)
        return await self._reads.run(Call(endpoints.PRO_READ_CALLBACK), partial(decode.setting, name="url"))


class ProWriter(Writer):
    """The ``Writer`` of pro (see ``kardia_ctl.model.ports``)."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def create_patient(self, patient: DesiredPatient) -> LivePatient:
        """POST /e/v1/participants. Repeatable; a 409 raises ``NotExecuted`` and proves that it exists."""
        body: dict[str, str | int | float] = {
            theirs: value for ours, theirs in _NAMES.items() if (value := getattr(patient, ours)) != UNSET
        }
        if patient.sex != UNSET:
            body["sex"] = int(patient.sex)
        call = Call(
            endpoints.PRO_CREATE, content=_json(body), hidden=tuple(getattr(patient, name) for name in _PHI)
        )
        return await self._exchange.run(call, partial(decode.participant, mrn=patient.mrn))

    async def issue_code(self, patient_id: str, mrn: str, template_id: str) -> IssuedCode:
        """POST /e/v1/code: each sending makes another code. Sent once."""
        body = {"customParticipantID": patient_id, "templateID": template_id}
        call = Call(endpoints.PRO_ISSUE_CODE, content=_json(body))
        issued = await self._exchange.run(call, partial(decode.issued, mrn=mrn, template=template_id))
        self._exchange.scrub.hide(issued.code)
        return issued

    async def set_setting(self, kind: Kind, value: str) -> None:
        """PUT /e/v1/callback. Repeatable."""
        if kind is not Kind.CALLBACK:
            await super().set_setting(kind, value)
        call = Call(endpoints.PRO_SET_CALLBACK, content=_json({"url": value}), hidden=secrets_of(value))
        await self._do(call)

    async def disconnect(self, patient_id: str) -> None:
        """POST /e/v1/disconnection. Repeatable."""
        call = Call(endpoints.PRO_DISCONNECT, content=_json({"customParticipantID": patient_id}))
        await self._exchange.run(call, partial(decode.echo_of, mrn=patient_id))

    async def create_user(self, patient_id: str, email: str, country: str, password: str) -> str:  # noqa: ARG002
        """POST /e/v1/user; its token. Sent once. The participant is named by the code that is redeemed."""
        body = {"country_code": country, "email": email, "password": password}
        call = Call(endpoints.PRO_CREATE_USER, content=_json(body), hidden=(email, password))
        token = await self._exchange.run(call, decode.user_token)
        self._exchange.scrub.hide(token)
        return token

    async def redeem(self, code: str, token: str) -> None:
        """POST /e/v1/connection. Sent once under each name, as long as it certainly had no effect.

        The document's example names the code ``connection_code``, its table ``connectionCode``.
        """
        try:
            await self._redeem({"connection_code": code, "user_token": token}, code, token)
        except NotExecuted as error:
            if error.status != 400:
                raise
            await self._redeem({"connectionCode": code, "user_token": token}, code, token)

    async def _redeem(self, body: dict[str, str | int | float], code: str, token: str) -> None:
        await self._do(Call(endpoints.PRO_REDEEM, content=_json(body), hidden=(code, token)))

    async def _do(self, call: Call) -> None:
        await self._exchange.run(call, decode.nothing)
