"""Connecting patients.

Source: API reference, "Get Connection Templates", "Get Connection Code", "Disconnect patient connection".
"""

from http import HTTPStatus

from kardia_ctl.sandbox.endpoints.patients import no_such_patient
from kardia_ctl.sandbox.error_answers import not_found
from kardia_ctl.sandbox.http.endpoint import Answer, Call, Endpoint, ok
from kardia_ctl.sandbox.quirks import Disconnected


def templates(call: Call) -> Answer:
    """GET /v1/teamConnectionTemplate: a bare array."""
    return ok(
        [
            {
                "teamID": template.team_id,
                "templateName": template.name,
                "templateId": template.id,
                "duration": template.duration,
                "price": template.price,
            }
            for template in call.account.templates()
        ]
    )


def code(call: Call) -> Answer:
    """GET /v1/patients/:id/code: the valid code of the patient and template, minted when there is none."""
    known = [template.id for template in call.account.templates()]
    template = call.query.get("template_id", known[0] if known else None)
    if template is None or template not in known:
        raise not_found("There is no template with this id.")
    minted = call.account.connection_code(call.path["id"], template)
    if minted is None:
        raise no_such_patient()
    return ok({"code": minted.code, "status": minted.status.value})


def disconnect(call: Call) -> Answer:
    """POST /v1/patients/:id/disconnect: the connection and the codes end; an empty response."""
    if not call.account.disconnect(call.path["id"]):
        raise no_such_patient()
    return ok({}) if call.quirks.disconnected is Disconnected.OBJECT else Answer(HTTPStatus.OK, None)


ENDPOINTS = (
    Endpoint("GET", "/v1/teamConnectionTemplate", templates),
    Endpoint("GET", "/v1/patients/{id}/code", code, query=frozenset(("template_id",))),
    Endpoint("POST", "/v1/patients/{id}/disconnect", disconnect),
)
