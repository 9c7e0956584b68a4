"""What partners see of their teams (API reference, "Get associated teams", "Add service Provider")."""

from datetime import UTC, datetime
from http import HTTPStatus

from kardia_ctl.sandbox.calls import Answer, Call, Endpoint, ok
from kardia_ctl.sandbox.ledger import Team
from kardia_ctl.sandbox.records import Hook
from kardia_ctl.sandbox.refusals import Refusal


def teams(call: Call) -> Answer:
    """GET /partner/v1/teams: the teams with their secret keys."""
    callback = call.account.callback(Hook.CALLBACK) or ""
    return ok({"teams": [_team(team, callback) for team in call.account.teams()]})


def add_provider(call: Call) -> Answer:
    """POST of a service provider: 200; the documented failure of an unknown team is 500."""
    if not call.account.add_provider(call.path["id"], call.path["spid"]):
        raise Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Failed to add service provider")
    return ok({})


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


ENDPOINTS = (
    Endpoint("GET", "/partner/v1/teams", teams),
    Endpoint("POST", "/partner/v1/teams/{id}/serviceProviderTeams/{spid}", add_provider),
)
