"""The examples of the API reference v1 as exchanges, and a sandbox account in which they succeed."""

import json
from typing import Any, Final

import yaml

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.values import PatientFields
from tests.paths import CASSETTES

PATH: Final = CASSETTES / "documents" / "v1.yaml"
EXCHANGES: Final[list[Any]] = yaml.safe_load(PATH.read_text(encoding="utf-8"))["interactions"]
PATIENT: Final = "wNSEDeLOEPQE5rznkJmwbnjpxfdst93i"
TEAM: Final = "OstYEHjsota5xj7m4QQdbhdxpttj4"


def fill(account: Account) -> None:
    """Add the patient and the team of the examples."""
    (shown,) = (
        json.loads(exchange["response"]["body"]["string"])
        for exchange in EXCHANGES
        if (exchange["request"]["method"], exchange["request"]["uri"].rpartition("/")[2]) == ("GET", PATIENT)
    )
    fields = {name: value for name, value in shown.items() if name not in ("id", "status")}
    account.patients.add(PatientFields(**fields), patient_id=PATIENT)
    account.settings.add_team(TEAM, "The team of the example")
