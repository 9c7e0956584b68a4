"""Another account, which a run reaches with a key that is not ours."""

import json
from collections.abc import Callable
from typing import Any, Final

import httpx

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import TEAM_ID, TEMPLATES
from kardia_ctl.sandbox.quirks import Quirks
from tests.simulation.environment.server import START, Answer, ask, same, stranger
from tests.simulation.hazards import People, Templates, WrongKey
from tests.simulation.scenario import Scenario

_TEAMS: Final = {
    Templates.ANOTHER: ("another-team",),
    Templates.SEVERAL: ("another-team", "a-third-team"),
    Templates.OURS_AMONG_SEVERAL: ("another-team", TEAM_ID),
    Templates.NO_TEAM: ("",),
    Templates.NONE: (),
}


class Elsewhere:
    """The other account. ``run`` is the number of the run that has its key, None before there is one."""

    def __init__(self, wrong: WrongKey, story: Scenario, time: Callable[[], float]) -> None:
        self.wrong = wrong
        self.run: int | None = None
        self.sent: list[str] = []
        """The requests that it received and that change something."""
        self.account = Account(now=lambda: START + time(), seed=story.seed)
        self._app = create_app(self.account, Quirks())
        match wrong.people:
            case People.NOBODY:
                pass
            case People.STRANGERS:
                for number in range(5):
                    self.account.patients.add(stranger(f"elsewhere-{number}"))
            case People.NAMESAKES:
                for want in story.desired.patients.values():
                    self.account.patients.add(same(want))

    def answer(self, request: httpx.Request, path: str) -> Answer:
        """Execute a request at this moment, and return its response."""
        if request.method != "GET" or path.endswith(("/code", "/export")):
            self.sent.append(f"{request.method} {path}")
        if path == "/v1/teamConnectionTemplate":
            return Answer(
                200, [(b"content-type", b"application/json")], json.dumps(self._templates()).encode()
            )
        query, headers = request.url.query, request.headers.raw
        return ask(self._app, request.method, path, query, headers, request.content)

    def _templates(self) -> list[dict[str, Any]]:
        return [
            {
                "teamID": team,
                "templateName": template.name,
                "templateId": template.id,
                "duration": template.duration,
                "price": template.price,
            }
            for team, template in zip(_TEAMS[self.wrong.templates], TEMPLATES, strict=False)
        ]
