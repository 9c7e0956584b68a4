"""What a plan is compared with: every page of the list by httpx and the standard json, and nothing else.

python bare_fetch.py URL KEY [YAML]

With a YAML file, libyaml's own event pass over it comes first: the least that reading YAML can cost.
"""

import json
import sys

import httpx


def fetch(url: str, key: str) -> int:
    """Read and parse every page, one after the other; how many patients they hold."""
    count, query = 0, {"limit": "500"}
    with httpx.Client(base_url=url, auth=(key, ""), trust_env=False, timeout=60) as client:
        while True:
            answer = client.get("/v1/patients", params=query)
            answer.raise_for_status()
            page = json.loads(answer.content)
            count += len(page["patients"])
            if not page["pageInfo"]["hasNextPage"]:
                return count
            query["start"] = page["pageInfo"]["endCursor"]


def pass_over(file: str) -> None:
    """Let libyaml make the events of a file."""
    import yaml

    with open(file, "rb") as opened:  # noqa: PTH123 - pathlib would be one import more than a bare script needs
        for _ in yaml.parse(opened, Loader=yaml.CLoader):
            pass


if __name__ == "__main__":
    for name in sys.argv[3:]:
        pass_over(name)
    print(fetch(*sys.argv[1:3]))  # noqa: T201 - a script's result
