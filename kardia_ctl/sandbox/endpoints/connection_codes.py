"""Connection templates, codes and disconnection.

Source: API reference, "Get Connection Templates", "Get Connection Code", "Disconnect patient connection".
"""

from starlette.responses import Response

from kardia_ctl.sandbox.endpoints.patients import no_such_patient
from kardia_ctl.sandbox.http.error_responses import not_found
from kardia_ctl.sandbox.http.route import EndpointCall, Route, ok
from kardia_ctl.sandbox.quirks import Disconnected


def templates(call: EndpointCall) -> Response:
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
            for template in call.account.settings.templates()
        ]
    )


def code(call: EndpointCall) -> Response:
    """GET /v1/patients/:id/code: the valid code of the patient and template, minted if there is none."""
    known = [template.id for template in call.account.settings.templates()]
    template = call.query.get("template_id", known[0] if known else None)
    if template is None or template not in known:
        raise not_found("There is no template with this id.")
    valid = call.account.connections.valid_code(call.path["id"], template)
    if valid is None:
        raise no_such_patient()
    return ok({"code": valid.code, "status": valid.status.value})


def disconnect(call: EndpointCall) -> Response:
    """POST /v1/patients/:id/disconnect: ends the connection and its codes; an empty response."""
    if not call.account.connections.disconnect(call.path["id"]):
        raise no_such_patient()
    return ok({}) if call.quirks.disconnected is Disconnected.OBJECT else Response()


ROUTES = (
    Route("GET", "/v1/teamConnectionTemplate", templates),
    Route("GET", "/v1/patients/{id}/code", code, query=frozenset(("template_id",))),
    Route("POST", "/v1/patients/{id}/disconnect", disconnect),
)
