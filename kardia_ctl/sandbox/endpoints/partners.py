"""The teams of a partner.

Source: API reference, "Get associated teams", "Teams" (titled "Get All Patients"), "Add service Provider".
"""

from datetime import UTC, datetime
from http import HTTPStatus
from uuid import NAMESPACE_OID, uuid5

from starlette.responses import Response

from kardia_ctl.sandbox.account.team_settings import Team
from kardia_ctl.sandbox.data import invented
from kardia_ctl.sandbox.data.values import Hook
from kardia_ctl.sandbox.http.error_responses import RequestError, not_found
from kardia_ctl.sandbox.http.route import EndpointCall, Route, ok


def teams(call: EndpointCall) -> Response:
    """GET /partner/v1/teams: the teams with their secret keys."""
    callback = call.account.settings.callback(Hook.CALLBACK) or ""
    return ok({"teams": [_team(team, callback) for team in call.account.settings.teams()]})


def fields(call: EndpointCall) -> Response:
    """GET of a team's patient fields; the document names the array `teams`."""
    team = next((team for team in call.account.settings.teams() if team.id == call.path["id"]), None)
    if team is None:
        raise not_found("There is no team with this id.")
    return ok({"teams": [_field(team, *field) for field in invented.TEAM_FIELDS]})


def add_provider(call: EndpointCall) -> Response:
    """POST of a service provider: 200, or the documented 500 for an unknown team."""
    if not call.account.settings.add_provider(call.path["id"], call.path["spid"]):
        raise RequestError(HTTPStatus.INTERNAL_SERVER_ERROR, "Failed to add service provider")
    return ok({})


def _field(
    team: Team, name: str, display: str, required: bool, custom: bool, key: bool
) -> dict[str, str | bool]:
    created = datetime.fromtimestamp(team.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "id": uuid5(NAMESPACE_OID, f"{team.id}/{name}").hex,
        "teamId": team.id,
        "fieldName": name,
        "displayName": display,
        "isRequired": required,
        "isVisible": True,
        "isCustom": custom,
        "isKeyIdentifier": key,
        "kardiaRXVisible": True,
        "createdAt": created,
        "updatedAt": created,
    }


def _team(team: Team, callback: str) -> dict[str, str]:
    created = datetime.fromtimestamp(team.created_at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f +0000 +0000")
    return {
        "id": team.id,
        "name": team.name,
        "avatarUrl": "https://assets.example.com/avatar.png",
        "callbackUrl": callback,
        "logoUrl": "https://assets.example.com/logo.png",
        "timezone": team.timezone,
        "secretKey": team.secret_key,
        "createdAt": created,
        "updatedAt": created,
    }


ROUTES = (
    Route("GET", "/partner/v1/teams", teams),
    Route("GET", "/partner/v1/teams/{id}/patient/fields", fields),
    Route("POST", "/partner/v1/teams/{id}/serviceProviderTeams/{spid}", add_provider),
)
