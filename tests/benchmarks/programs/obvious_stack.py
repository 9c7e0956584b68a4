"""What one would write first: read the YAML, validate each patient, fetch the pages, compare each patient.

python obvious_stack.py URL KEY YAML

Every package is a good one, used as its first page shows it, on libyaml's fast loader: CSafeLoader,
jsonschema with a validator that is made once, httpx, DeepDiff for each patient. It keeps no state, proves no
scan, and knows no place of any error.
"""

import sys
from typing import Any, Final

import httpx
import jsonschema
import yaml
from deepdiff import DeepDiff

_TEXTS: Final = ("mrn", "dob", "email", "firstname", "lastname")
_SCHEMA: Final = {
    "type": "object",
    "properties": {
        **{name: {"type": "string", "minLength": 1, "maxLength": 1000} for name in _TEXTS},
        "email": {"type": "string", "format": "email"},
        "sex": {"enum": ["0", "1", "2", "9"]},
    },
    "required": ["mrn", "dob", "email"],
    "additionalProperties": False,
}


def declared(file: str) -> dict[str, dict[str, Any]]:
    """The patients of a YAML file by mrn, each checked."""
    with open(file, "rb") as opened:  # noqa: PTH123 - as such a script would
        content = yaml.load(opened, Loader=yaml.CSafeLoader)
    validator = jsonschema.Draft7Validator(_SCHEMA)
    found = {}
    for patient in content["patients"]:
        texts = {name: str(value) for name, value in patient.items()}
        for error in validator.iter_errors(texts):
            raise SystemExit(error.message)
        found[texts["mrn"]] = texts
    return found


def live(url: str, key: str) -> dict[str, dict[str, Any]]:
    """The patients of the account by mrn."""
    found, query = {}, {"limit": "500"}
    with httpx.Client(base_url=url, auth=(key, ""), trust_env=False, timeout=60) as client:
        while True:
            answer = client.get("/v1/patients", params=query)
            answer.raise_for_status()
            page = answer.json()
            for patient in page["patients"]:
                found[patient["mrn"]] = {name: str(patient[name]) for name in (*_TEXTS, "sex")}
            if not page["pageInfo"]["hasNextPage"]:
                return found
            query["start"] = page["pageInfo"]["endCursor"]


def main(url: str, key: str, file: str) -> None:
    """Print how many patients differ."""
    want, have = declared(file), live(url, key)
    print(sum(1 for mrn in want if DeepDiff(have.get(mrn), want[mrn])))  # noqa: T201 - a script's result


if __name__ == "__main__":
    main(*sys.argv[1:4])
