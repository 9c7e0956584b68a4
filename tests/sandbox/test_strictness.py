"""What the sandbox refuses, and that every refusal is the documented envelope."""

from base64 import b64encode
from collections.abc import Callable

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.sandbox.endpoints import ROUTES
from kardia_ctl.sandbox.http.route import Api

Connect = Callable[..., httpx.AsyncClient]
FORM = {"content-type": "application/x-www-form-urlencoded"}


def assert_refused(response: httpx.Response, status: int) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    (error,) = response.json()["errors"]
    assert set(error) == {"id", "status", "code", "title", "detail"}
    assert error["status"] == str(status)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        f"Bearer {API_KEY}",
        "Basic !!!",
        "Basic " + b64encode(API_KEY.encode()).decode(),
        "Basic " + b64encode(f"{API_KEY}:password".encode()).decode(),
        "Basic " + b64encode(b"another-key:").decode(),
        "Basic " + b64encode(f":{API_KEY}".encode()).decode(),
        "Basic " + b64encode(b"\xff:").decode(),
    ],
)
async def test_only_a_known_key_with_an_empty_password_is_let_in(
    connect: Connect, authorization: str | None
) -> None:
    client = connect()
    client.auth = httpx.Auth()
    headers = {} if authorization is None else {"authorization": authorization}
    response = await client.get("/v1/patients", headers=headers)
    assert_refused(response, 401)
    assert response.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/patients/", "/v1/nothing", "/v1/patients/a/b", "/v2/patients"]
)
async def test_an_unknown_path_is_404(connect: Connect, path: str) -> None:
    assert_refused(await connect().get(path), 404)


async def test_a_wrong_method_is_405_and_names_the_right_ones(connect: Connect) -> None:
    response = await connect().put("/v1/patients")
    assert_refused(response, 405)
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("path", sorted({endpoint.path for endpoint in ROUTES if endpoint.method == "GET"}))
async def test_head_is_not_a_get_without_a_body(connect: Connect, account: Account, path: str) -> None:
    patient = account.patients.add(PatientFields("A-1", "2000-07-21", "a@example.com"))
    response = await connect().head(path.format(id=patient))
    assert response.status_code == 405
    assert account.connections.codes() == []


async def test_an_unknown_patient_is_404(connect: Connect) -> None:
    client = connect()
    for method, path in (
        ("GET", "/v1/patients/unknown"),
        ("DELETE", "/v1/patients/unknown"),
        ("GET", "/v1/patients/unknown/code"),
        ("POST", "/v1/patients/unknown/disconnect"),
    ):
        assert_refused(await client.request(method, path), 404)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mrn", ""),
        ("mrn", "A\x00B"),
        ("mrn", "A\nB"),
        ("email", ""),
        ("email", "joe"),
        ("email", "joe@"),
        ("email", "@example.com"),
        ("email", "joe@@example.com"),
        ("email", "joe smith@example.com"),
        ("dob", ""),
        ("dob", "2000-7-21"),
        ("dob", "2000-02-30"),
        ("dob", "20000721"),
        ("dob", "2000-07-21T00:00:00"),
        ("dob", "21.07.2000"),
        ("dob", "\uff12\uff10\uff10\uff10-07-21"),
        ("sex", ""),
        ("sex", "3"),
        ("sex", "01"),
        ("sex", "male"),
        ("sex", "-1"),
        ("phone", "123"),
    ],
)
async def test_a_wrong_field_creates_nobody(
    connect: Connect, account: Account, joe: dict[str, str], field: str, value: str
) -> None:
    assert_refused(await connect().post("/v1/patients", data=joe | {field: value}), 400)
    assert account.patients.all() == []


@pytest.mark.parametrize("field", ["mrn", "dob", "email"])
async def test_a_missing_field_creates_nobody(
    connect: Connect, account: Account, joe: dict[str, str], field: str
) -> None:
    del joe[field]
    assert_refused(await connect().post("/v1/patients", data=joe), 400)
    assert account.patients.all() == []


@pytest.mark.parametrize(
    "body",
    [
        b"mrn=1&mrn=2&dob=2000-07-21&email=joe@example.com",
        b"mrn=%FF&dob=2000-07-21&email=joe@example.com",
        b"mrn=\xff&dob=2000-07-21&email=joe@example.com",
        b"mrn=%zz&dob=2000-07-21&email=joe@example.com",
        b"mrn=5%&dob=2000-07-21&email=joe@example.com",
        b"mrn=1&dob=2000-07-21&email=joe@example.com&",
        b"mrn&dob=2000-07-21&email=joe@example.com",
        b"mrn=" + b"1" * 70_000 + b"&dob=2000-07-21&email=joe@example.com",
        b"a=1&" * 101 + b"mrn=1&dob=2000-07-21&email=joe@example.com",
        b"",
    ],
)
async def test_a_badly_encoded_form_creates_nobody(connect: Connect, account: Account, body: bytes) -> None:
    assert_refused(await connect().post("/v1/patients", content=body, headers=FORM), 400)
    assert account.patients.all() == []


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "multipart/form-data", "text/plain", FORM["content-type"] + "; charset=latin-1", ""],
)
async def test_only_a_form_is_a_form(connect: Connect, account: Account, content_type: str) -> None:
    body = b"mrn=1&dob=2000-07-21&email=joe@example.com"
    headers = {"content-type": content_type}
    assert_refused(await connect().post("/v1/patients", content=body, headers=headers), 400)
    assert account.patients.all() == []


async def test_a_json_body_is_400(connect: Connect, account: Account, joe: dict[str, str]) -> None:
    assert_refused(await connect().post("/v1/patients", json=joe), 400)
    assert account.patients.all() == []


async def test_a_form_may_say_that_it_is_utf_8(connect: Connect, account: Account) -> None:
    body = b"mrn=%C3%A9+1%2B&dob=2000-07-21&email=joe@example.com"
    headers = {"content-type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}
    assert (await connect().post("/v1/patients", content=body, headers=headers)).status_code == 200
    assert account.patients.all()[0].mrn == "é 1+"


async def test_a_body_where_none_belongs_is_400(connect: Connect, account: Account) -> None:
    client = connect()
    patient = account.patients.add(PatientFields("A-1", "2000-07-21", "a@example.com"))
    for path in ("/v1/apikey/new", f"/v1/patients/{patient}/disconnect"):
        assert_refused(await client.post(path, data={"a": "b"}), 400)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=ten",
        "limit=",
        "limit=1.5",
        "limit=+5",
        "limit=%D9%A3",
        "limit=1&limit=1",
        "mrn=A-1",
        "customField=1",
        "customField=",
        "start=",
        "start=AAAA",
        "start=%FF",
        "start=c3RhcnRDdXJzb3I%3D",
        "limit",
    ],
)
async def test_a_wrong_query_is_400(connect: Connect, query: str) -> None:
    assert_refused(await connect().get(f"/v1/patients?{query}"), 400)


async def test_every_endpoint_refuses_an_unknown_query_parameter(connect: Connect) -> None:
    for endpoint in ROUTES:
        path = endpoint.path.format(id="A", spid="B")
        client = connect()
        if endpoint.api is Api.PRO:
            client.auth = httpx.Auth()
            client.headers["authorization"] = API_KEY
        assert_refused(await client.request(endpoint.method, path, params={"unknown": "1"}), 400)


@pytest.mark.parametrize(
    "url", ["", "hooks.example.com", "ftp://hooks.example.com", "https://", "https://a b"]
)
@pytest.mark.parametrize("path", ["/v1/callback", "/v1/qtCallback"])
async def test_a_callback_has_to_be_a_web_address(connect: Connect, path: str, url: str) -> None:
    assert_refused(await connect().put(path, data={"url": url}), 400)


async def test_no_refusal_repeats_what_was_sent(connect: Connect, joe: dict[str, str]) -> None:
    response = await connect().post(
        "/v1/patients", data=joe | {"dob": "unmistakable", "other": "unmistakable"}
    )
    assert "unmistakable" not in response.text
