"""Pro field by field, against a server that takes nothing but what the document says, and answers oddly."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest

from kardia_ctl.api.limits.retry import RetryPolicy
from kardia_ctl.model.configuration import Authorization, Dialect
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Unauthorized
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.ports import Writer
from tests.api.conftest import KEY, Speak

WHOLE: Final = DesiredPatient(
    "AC001", "1970-07-21", "jsnow@example.com", "Jon", "Snow", "1", phone="555-555-5555"
)
BARE: Final = DesiredPatient("AC001", "", "", "Jon", "Snow")

DOCUMENTED: Final = {
    "/e/v1/participants": (
        {"customParticipantID", "firstName", "lastName"},
        {"email", "phone", "dob", "sex"},
    ),
    "/e/v1/user": ({"country_code", "email", "password"}, {"connection_code"}),
    "/e/v1/code": ({"customParticipantID", "templateID"}, set()),
    "/e/v1/connection": ({"user_token"}, {"connection_code", "connectionCode"}),
    "/e/v1/disconnection": ({"customParticipantID"}, set()),
    "/e/v1/callback": ({"url"}, set()),
}
"""The members of each body: required and optional (Kardia Pro API reference, the tables)."""


@dataclass
class Strict:
    """Answers the documented answer to what is documented, and 400 to everything else."""

    code_name: str = "connection_code"
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        if request.headers["content-type"] != "application/json" or request.url.query:
            return httpx.Response(400)
        return self._answer(request.url.path, body) if _is_documented(request.url.path, body) else REFUSED

    def _answer(self, path: str, body: dict[str, Any]) -> httpx.Response:
        match path:
            case "/e/v1/user":
                return httpx.Response(201, json={"user_token": "string"})
            case "/e/v1/code":
                return httpx.Response(200, json={"code": "LQYP-MSAK-NPJR"})
            case "/e/v1/connection":
                return httpx.Response(200 if self.code_name in body else 400)
            case _:
                return httpx.Response(200, json=body)


REFUSED: Final = httpx.Response(400)


def _is_documented(path: str, body: dict[str, Any]) -> bool:
    required, optional = DOCUMENTED[path]
    typed = all(type(value) is (int if name == "sex" else str) for name, value in body.items())
    return typed and required <= body.keys() <= required | optional


async def test_every_body_is_as_the_document_has_it(speak: Speak) -> None:
    server = Strict()
    async with speak(server, dialect=Dialect.PRO) as session:
        writer = session.writer()
        for who in (WHOLE, BARE):
            assert (await writer.create_patient(who)).id == "AC001"
        assert (await writer.issue_code("AC001", "AC001", "tpl")).code == "LQYP-MSAK-NPJR"
        assert await writer.create_user("AC001", "jsnow@example.com", "us", "secret") == "string"
        await writer.redeem("LQYP-MSAK-NPJR", "string")
        await writer.disconnect("AC001")
        await writer.set_setting(Kind.CALLBACK, "https://hooks.example.com/k")
    assert server.bodies[0] == {
        "customParticipantID": "AC001",
        "firstName": "Jon",
        "lastName": "Snow",
        "email": "jsnow@example.com",
        "phone": "555-555-5555",
        "dob": "1970-07-21",
        "sex": 1,
    }
    assert server.bodies[1] == {"customParticipantID": "AC001", "firstName": "Jon", "lastName": "Snow"}
    assert "connection_code" not in server.bodies[3]


async def test_a_code_is_redeemed_under_the_name_of_the_example_or_of_the_table(speak: Speak) -> None:
    server = Strict("connectionCode")
    async with speak(server, dialect=Dialect.PRO) as session:
        await session.writer().redeem("LQYP-MSAK-NPJR", "string")
    assert [sorted(body) for body in server.bodies] == [
        ["connection_code", "user_token"],
        ["connectionCode", "user_token"],
    ]


@pytest.mark.parametrize(
    ("authorization", "header"), [(Authorization.BEARER, f"Bearer {KEY}"), (Authorization.BARE, KEY)]
)
async def test_the_key_is_shown_as_bearer_or_bare(
    speak: Speak, authorization: Authorization, header: str
) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json={"url": ""})

    async with speak(answer, dialect=Dialect.PRO, authorization=authorization) as session:
        assert await session.reader.setting(Kind.CALLBACK) is None
    assert seen == [header]


Call = Callable[[Writer], Awaitable[object]]
CALLS: Final[dict[str, Call]] = {
    "participant": lambda writer: writer.create_patient(WHOLE),
    "code": lambda writer: writer.issue_code("AC001", "AC001", "tpl"),
    "user": lambda writer: writer.create_user("AC001", "jsnow@example.com", "us", "secret"),
    "redeem": lambda writer: writer.redeem("LQYP-MSAK-NPJR", "string"),
    "disconnect": lambda writer: writer.disconnect("AC001"),
    "callback": lambda writer: writer.set_setting(Kind.CALLBACK, "https://hooks.example.com/k"),
}
EXPECTING: Final = ("code", "user")
"""What is in doubt without the code or token that it was for."""

ANSWERS: Final[dict[str, tuple[httpx.Response, type[ApiError] | None]]] = {
    "200 empty": (httpx.Response(200), None),
    "201 empty": (httpx.Response(201), None),
    "204": (httpx.Response(204), None),
    "200 {}": (httpx.Response(200, json={}), None),
    "200 null in it": (httpx.Response(200, json={"code": None, "user_token": None, "dob": None}), None),
    "200 in words": (httpx.Response(200, text="OK"), None),
    "200 with errors": (httpx.Response(200, json={"errors": [{"title": "No"}]}), InDoubt),
    "200 with a page": (httpx.Response(200, html="<html>Welcome</html>"), InDoubt),
    "200 with half of JSON": (httpx.Response(200, text='{"code": "LQ'), InDoubt),
    "302": (httpx.Response(302, headers={"location": "https://login.example.com/"}), InDoubt),
    "500": (httpx.Response(500, json={"errors": []}), InDoubt),
    "502 with a page": (httpx.Response(502, html="<html>Bad Gateway</html>"), InDoubt),
    "418": (httpx.Response(418), InDoubt),
    "400": (httpx.Response(400, json={"errors": [{"title": "Bad"}]}), NotExecuted),
    "403": (httpx.Response(403), NotExecuted),
    "409": (httpx.Response(409), NotExecuted),
    "422": (httpx.Response(422), NotExecuted),
    "429": (httpx.Response(429), NotExecuted),
    "401": (httpx.Response(401), Unauthorized),
}


@pytest.mark.parametrize("how", ANSWERS)
@pytest.mark.parametrize("what", CALLS)
async def test_what_is_known_after_each_answer(speak: Speak, what: str, how: str) -> None:
    answer, error = ANSWERS[how]
    if error is None and what in EXPECTING:
        error = InDoubt
    sent: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async with speak(answered, dialect=Dialect.PRO, policy=RetryPolicy(tries=1, doubtful=1)) as session:
        if error is None:
            await CALLS[what](session.writer())
        else:
            with pytest.raises(error) as caught:
                await CALLS[what](session.writer())
            assert type(caught.value) is error
            told = str(caught.value)
            assert not [one for one in ("Snow", "jsnow", "secret", "LQYP", KEY) if one in told]
    assert len(sent) == (2 if (what, how) == ("redeem", "400") else 1)


@pytest.mark.parametrize("what", ["code", "user", "redeem"])
@pytest.mark.parametrize("status", [500, 503, 408])
async def test_what_is_not_repeatable_is_sent_once(speak: Speak, what: str, status: int) -> None:
    sent: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(status)

    async with speak(answered, dialect=Dialect.PRO) as session:
        with pytest.raises(InDoubt):
            await CALLS[what](session.writer())
    assert len(sent) == 1


async def test_a_v1_user_is_a_form_with_the_documented_names(speak: Speak) -> None:
    sent: list[bytes] = []

    def answered(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(201, json={"requestId": "x"})

    async with speak(answered) as session:
        await session.writer().create_user("id-1", "joe@example.com", "us", "a&b=c d")
    assert sent == [b"email=joe%40example.com&password=a%26b%3Dc%20d&countryCode=us&patientId=id-1"]
