"""What one would write: look who is there, then one call after the other, three tries each.

python plain.py URL KEY PEOPLE
"""

import json
import sys
from pathlib import Path
from typing import Any

import httpx


def tried(client: httpx.Client, method: str, path: str, **options: Any) -> Any:
    """The JSON of an answer, at the third try at the latest."""
    for left in (2, 1, 0):
        try:
            answer = client.request(method, path, **options)
            answer.raise_for_status()
            return answer.json()
        except httpx.HTTPError:
            if not left:
                raise
    return None


def live(client: httpx.Client) -> set[str]:
    """The mrns of everybody who is there."""
    found: set[str] = set()
    query = {"limit": "500"}
    while True:
        page = tried(client, "GET", "/v1/patients", params=query)
        found |= {patient["mrn"] for patient in page["patients"]}
        if not page["pageInfo"]["hasNextPage"]:
            return found
        query["start"] = page["pageInfo"]["endCursor"]


def main(url: str, key: str, people: str) -> None:
    """Create everybody who is not there, and ask for a code for each."""
    with httpx.Client(base_url=url, auth=(key, ""), trust_env=False, timeout=30) as client:
        there = live(client)
        for person in json.loads(Path(people).read_text()):
            if person["mrn"] not in there:
                created = tried(client, "POST", "/v1/patients", data=person)
                tried(client, "GET", f"/v1/patients/{created['id']}/code", params={"template_id": "tpl-1"})


if __name__ == "__main__":
    main(*sys.argv[1:4])
