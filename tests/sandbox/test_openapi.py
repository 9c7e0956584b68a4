"""The sandbox keeps what schemas/kardia-v1.openapi.yaml says, and the description describes the sandbox."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

from kardia_ctl.sandbox.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.calls import Endpoint
from kardia_ctl.sandbox.endpoints import ENDPOINTS
from kardia_ctl.sandbox.invented import API_KEY, TEAM_ID, TEMPLATES
from kardia_ctl.sandbox.quirks import OldKey, Quirks
from kardia_ctl.sandbox.reading import FORM_TYPE
from kardia_ctl.sandbox.records import PatientFields

DESCRIPTION = Path(__file__).parents[2] / "schemas" / "kardia-v1.openapi.yaml"
BOUNDED = settings(
    max_examples=40,
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


EXAMPLE = "wNSEDeLOEPQE5rznkJmwbnjpxfdst93i"


def load(quirks: Quirks) -> Any:
    config = SchemathesisConfig.from_dict(
        {
            "base-url": "http://sandbox.example.com",
            "auth": {"basic": {"username": API_KEY, "password": ""}},
            "generation": {"deterministic": True, "max-examples": 40},
            "operations": [
                {
                    # A start cursor is opaque: an invented one is refused.
                    "include-operation-id": "listPatients",
                    "checks": {"positive_data_acceptance": {"expected-statuses": [200, 400]}},
                },
                {
                    # Documented: "500 Failed to add service provider".
                    "include-operation-id": "addServiceProvider",
                    "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "4xx", 500]}},
                },
            ],
        }
    )
    loaded = schemathesis.openapi.from_path(DESCRIPTION, config=config)
    account = Account(seed=1)
    account.add_patient(PatientFields("JS-1", "2000-07-21", "joe@example.com"), patient_id=EXAMPLE)
    loaded.app = create_app(account, quirks)
    return loaded


# A key that was exchanged lives on, and a deletion takes its time, or the tests would lock themselves out.
PATIENT = Quirks(old_key=OldKey.LIVES, delete_delay=1e6)
PROMPT = Quirks(old_key=OldKey.LIVES)
schema = load(PATIENT)
sequences = load(PROMPT)


def validate(case: Any) -> None:
    case.call_and_validate()


test_every_answer_is_as_described = schema.parametrize()(BOUNDED(validate))


class TestSequencesOfCallsAreAsDescribed(sequences.as_state_machine().TestCase):  # type: ignore[misc] # it is untyped
    settings = BOUNDED


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_the_examples_of_the_description_succeed(endpoint: Endpoint) -> None:
    operation = load(PATIENT)[endpoint.path][endpoint.method]
    raw = schema.raw_schema["paths"][endpoint.path][endpoint.method.lower()]
    path = {"id": TEAM_ID if "partner" in endpoint.path else EXAMPLE, "spid": "8sP3SiaFigYoGRKoc4kaf692hmwi"}
    case = operation.Case(path_parameters=path, query={})
    if endpoint.form:
        case = operation.Case(body=example_of(raw["requestBody"]), media_type=FORM_TYPE)
    response = case.call_and_validate(auth=(API_KEY, ""))
    assert response.status_code in (200, 202)


def example_of(body: Any) -> Any:
    if "$ref" in body:
        body = schema.raw_schema["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
    return body["content"][FORM_TYPE]["example"]


def test_every_endpoint_is_described_and_no_other() -> None:
    described = {
        (method.upper(), path)
        for path, methods in schema.raw_schema["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert described == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


def test_a_sandbox_that_breaks_the_description_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = load(PROMPT)
    wrong = replace(TEMPLATES[0], price=cast("float", "9.99"))
    monkeypatch.setattr(broken.app.account, "templates", lambda: [wrong])
    with pytest.raises(FailureGroup, match=r"violates schema"):
        broken["/v1/teamConnectionTemplate"]["GET"].Case().call_and_validate(auth=(API_KEY, ""))
