"""The same with asyncio, so many calls at once: the upper bound of what a script does, without any safety.

python abreast.py URL KEY PEOPLE WORKERS
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx


async def tried(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    """The JSON of an answer, at the third try at the latest."""
    for left in (2, 1, 0):
        try:
            answer = await client.request(method, path, **options)
            answer.raise_for_status()
            return answer.json()
        except httpx.HTTPError:
            if not left:
                raise
    return None


async def live(client: httpx.AsyncClient) -> set[str]:
    """The mrns of everybody who is there."""
    found: set[str] = set()
    query = {"limit": "500"}
    while True:
        page = await tried(client, "GET", "/v1/patients", params=query)
        found |= {patient["mrn"] for patient in page["patients"]}
        if not page["pageInfo"]["hasNextPage"]:
            return found
        query["start"] = page["pageInfo"]["endCursor"]


async def work(client: httpx.AsyncClient, waiting: Iterator[dict[str, str]]) -> None:
    """Create one after the other, and ask for the code of each."""
    for person in waiting:
        created = await tried(client, "POST", "/v1/patients", data=person)
        await tried(client, "GET", f"/v1/patients/{created['id']}/code", params={"template_id": "tpl-1"})


async def main(url: str, key: str, declared: list[dict[str, str]], workers: int) -> None:
    """Create everybody who is not there."""
    limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
    options: dict[str, Any] = {"base_url": url, "auth": (key, ""), "trust_env": False, "timeout": 30}
    async with httpx.AsyncClient(**options, limits=limits) as client:
        there = await live(client)
        waiting = iter([person for person in declared if person["mrn"] not in there])
        await asyncio.gather(*(work(client, waiting) for _ in range(workers)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(Path(sys.argv[3]).read_text()), int(sys.argv[4])))
