"""The sandbox keeps what the OpenAPI descriptions in schemas/ say, and they describe the sandbox."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.webhook_events import EventDetails, WebhookEvent, messages
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY, TEAM_ID, TEMPLATES
from kardia_ctl.sandbox.data.invented_ecg import DETERMINATIONS
from kardia_ctl.sandbox.data.values import Hook, PatientFields, Recording, RecordingFields
from kardia_ctl.sandbox.endpoints import ROUTES
from kardia_ctl.sandbox.http.request import FORM_TYPE, JSON_TYPE
from kardia_ctl.sandbox.http.route import Api, Route
from kardia_ctl.sandbox.quirks import OldKey, ProPdf, Quirks
from tests.paths import SCHEMAS

BOUNDED = settings(
    max_examples=25,
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
EXAMPLE = "wNSEDeLOEPQE5rznkJmwbnjpxfdst93i"
RECORDING = "3wde1eem9vy4y1a0rv3y98u2a"
TOKEN, CODE, KNOWN = "invented-user-token", "LQYP-MSAK-NPJR", "AC-KNOWN"
AUTH: dict[Api, dict[str, Any]] = {
    Api.V1: {"auth": {"basic": {"username": API_KEY, "password": ""}}},
    # Two schemes share one header, which the check that drops credentials does not see: test_auth.py has it.
    Api.PRO: {
        "auth": {"openapi": {"bearer": {"bearer": API_KEY}}},
        "checks": {"ignored_auth": {"enabled": False}},
    },
}

# Valid as far as a schema can tell: a cursor is opaque, an id, a token and a code have to be known, an end
# comes after its start.
LOOSE = {
    Api.V1: {
        "listPatients": [200, 400],
        "listPatientRecordings": [200, 400, 404],
        "listRecordings": [200, 400],
        "listScreeningRecordings": [200, 400],
        "listLogs": [200, 400],
        "getSummaryReport": [200, 400, 404],
        "createUser": [200, 400, 404],
    },
    Api.PRO: {
        "createParticipant": [200, 409],
        "createUser": [201, 400],
        "generateCode": [200, 400],
        "redeemCode": [200, 400],
        "disconnect": [200, 400],
        "getRecordingPdfInFolder": [200, 404],
    },
}


def operations(api: Api) -> list[dict[str, Any]]:
    loose: list[dict[str, Any]] = [
        {
            "include-operation-id": name,
            "checks": {"positive_data_acceptance": {"expected-statuses": statuses}},
        }
        for name, statuses in LOOSE[api].items()
    ]
    if api is Api.PRO:
        return loose
    # Documented: "500 Failed to add service provider".
    provider = {"not_a_server_error": {"expected-statuses": ["2xx", "4xx", 500]}}
    return [*loose, {"include-operation-id": "addServiceProvider", "checks": provider}]


def account() -> Account:
    opened = Account(seed=1)
    opened.patients.add(PatientFields("JS-1", "2000-07-21", "one@example.com"), patient_id=EXAMPLE)
    opened.patients.add(PatientFields(KNOWN, "2000-07-21", "known@example.com"))
    with opened.writing() as db:
        fields = RecordingFields(EXAMPLE, duration=2000, note="Fine.", tags=("Coffee",), leads=6)
        opened.recordings.insert([Recording(RECORDING, opened.micros(), opened.micros(), fields)])
        db.execute("INSERT INTO users (email, country, token) VALUES ('u@example.com', 'us', ?)", (TOKEN,))
        sql = "INSERT INTO codes (code, patient_id, template_id, minted_at) VALUES (?, ?, ?, 1)"
        db.execute(sql, (CODE, EXAMPLE, TEMPLATES[0].id))
    return opened


def load(api: Api, quirks: Quirks) -> Any:
    config = SchemathesisConfig.from_dict(
        {
            "base-url": "http://sandbox.example.com",
            **AUTH[api],
            "generation": {"deterministic": True, "max-examples": 25},
            "operations": operations(api),
        }
    )
    loaded = schemathesis.openapi.from_path(SCHEMAS / f"kardia-{api.value}.openapi.yaml", config=config)
    loaded.app = create_app(account(), quirks)
    return loaded


# A key that was exchanged lives on, and a deletion takes its time, or the tests would lock themselves out.
PATIENT = Quirks(old_key=OldKey.LIVES, delete_delay=1e6)
PROMPT = Quirks(old_key=OldKey.LIVES)
v1, pro = load(Api.V1, PATIENT), load(Api.PRO, PATIENT)
sequences = load(Api.V1, PROMPT)
RAW = {Api.V1: v1.raw_schema, Api.PRO: pro.raw_schema}


@v1.parametrize()  # type: ignore[untyped-decorator] # schemathesis ships no types
@BOUNDED
def test_every_answer_of_v1_is_as_described(case: Any) -> None:
    case.call_and_validate()


@pro.parametrize()  # type: ignore[untyped-decorator] # as above
@BOUNDED
def test_every_answer_of_pro_is_as_described(case: Any) -> None:
    case.call_and_validate()


class TestSequencesOfCallsAreAsDescribed(sequences.as_state_machine().TestCase):  # type: ignore[misc] # it is untyped
    settings = BOUNDED


@pytest.mark.parametrize("endpoint", ROUTES, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_the_examples_of_the_description_succeed(endpoint: Route) -> None:
    quirks = replace(PATIENT, pro_pdf=ProPdf.FOLDER) if endpoint.path.endswith("/pdf") else PATIENT
    operation = load(endpoint.api, quirks)[endpoint.path][endpoint.method]
    raw = RAW[endpoint.api]["paths"][endpoint.path][endpoint.method.lower()]
    path = {"id": EXAMPLE, "spid": "8sP3SiaFigYoGRKoc4kaf692hmwi"}
    path |= {"id": TEAM_ID} if "partner" in endpoint.path else {}
    path |= {"id": RECORDING} if "/recordings/{" in endpoint.path else {}
    case = operation.Case(path_parameters=path, query={})
    if media := FORM_TYPE if endpoint.form else JSON_TYPE if endpoint.json else None:
        body = example_of(raw["requestBody"], media)
        case = operation.Case(path_parameters=path, body=body, media_type=media)
    headers = {"authorization": f"Bearer {API_KEY}"} if endpoint.api is Api.PRO else {}
    response = case.call_and_validate(auth=None if headers else (API_KEY, ""), headers=headers)
    assert response.status_code in (200, 201, 202)


def example_of(body: Any, media: str) -> Any:
    if "$ref" in body:
        body = RAW[Api.V1]["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
    return body["content"][media]["example"]


@pytest.mark.parametrize("api", list(Api))
def test_every_endpoint_is_described_and_no_other(api: Api) -> None:
    described = {
        (method.upper(), path)
        for path, methods in RAW[api]["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert described == {(endpoint.method, endpoint.path) for endpoint in ROUTES if endpoint.api is api}


def test_every_query_parameter_is_described_and_no_other() -> None:
    for endpoint in ROUTES:
        raw = RAW[endpoint.api]["paths"][endpoint.path][endpoint.method.lower()]
        named = [resolved(endpoint.api, one) for one in raw.get("parameters", [])]
        assert {one["name"] for one in named if one["in"] == "query"} == endpoint.query, endpoint.path


def test_the_determinations_are_those_of_the_description() -> None:
    _, rest = RAW[Api.V1]["components"]["schemas"]["Recording"]["allOf"]
    assert rest["properties"]["algorithmDetermination"]["enum"] == list(DETERMINATIONS)


def resolved(api: Api, one: Any) -> Any:
    for part in one["$ref"].split("/")[1:] if "$ref" in one else ():
        one = (RAW[api] if part == "components" else one)[part]
    return one


def webhooks(api: Api) -> Iterator[tuple[str, Any]]:
    for name, hook in RAW[api]["webhooks"].items():
        body = hook["post"].get("requestBody")
        yield name, None if body is None else body["content"]["application/json"]["schema"]


@pytest.mark.parametrize("event", list(WebhookEvent))
def test_every_event_is_a_webhook_of_its_description(event: WebhookEvent) -> None:
    about = EventDetails("p", "m", "r", "notes", "1617927783", ("note",), "t", "Team", "member", "manual")
    sent = messages(event, about)
    assert sent
    for message in sent:
        api = Api.PRO if message.hook is Hook.PRO_CALLBACK else Api.V1
        names = {"recordingUpdated": "activityUpdateOfRecording", "activityUpdate": "activityUpdateInApp"}
        name = message.event if api is Api.PRO else names.get(event.value, event.value)
        schema = dict(webhooks(api))[name]
        if schema is None:
            assert message.body == ""
        else:
            target = resolved(api, schema)
            jsonschema.validate(json.loads(message.body), target)


def test_every_webhook_is_an_event() -> None:
    assert len(list(webhooks(Api.V1))) == 10  # nine headings, one of them for connected and disconnected
    assert len(list(webhooks(Api.PRO))) == 4


def test_a_sandbox_that_breaks_the_description_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = load(Api.V1, PROMPT)
    wrong = replace(TEMPLATES[0], price=cast("float", "9.99"))
    monkeypatch.setattr(broken.app.account.settings, "templates", lambda: [wrong])
    with pytest.raises(FailureGroup, match=r"violates schema"):
        broken["/v1/teamConnectionTemplate"]["GET"].Case().call_and_validate(auth=(API_KEY, ""))
