"""A server so light that the client is what is measured: the sandbox takes longer to answer than we to ask.

python quick_server.py LATENCY [LOST]

It keeps an account in memory, follows the documents for the calls that onboarding sends, and waits LATENCY
seconds before each answer. The fraction LOST of the writes is executed, and then their connection is dropped.
GET /counts tells what arrived and who is there; it is not counted. The first line printed is the base URL.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_TEMPLATES: Final = json.dumps(
    [{"teamID": "team-1", "templateName": "One year", "templateId": "tpl-1", "duration": 365, "price": 0}]
).encode()


class Account:
    """Who is there, newest last, and what arrived."""

    def __init__(self, lost: float) -> None:
        self.connections = 0
        self._people: list[dict[str, str]] = []
        self._orders: dict[str, set[str]] = {}
        self._requests: Counter[str] = Counter()
        self._lost = lost
        self._chance = random.Random(1)

    def answer(self, method: str, target: str, body: bytes) -> bytes | None:
        """The body of a 200; None when the answer is lost."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/counts":
            return self._counts()
        self._requests[method] += 1
        if parts.path == "/v1/teamConnectionTemplate":
            return _TEMPLATES
        if method == "GET" and parts.path == "/v1/patients":
            return self._page(int(query.get("limit", "100")), int(query.get("start", "0")))
        found = self._create(body) if method == "POST" else self._issue(parts.path, query["template_id"])
        return None if self._chance.random() < self._lost else found

    def _counts(self) -> bytes:
        self.connections -= 1
        orders = [(person["mrn"], len(self._orders.get(person["id"], ()))) for person in self._people]
        return _json({"connections": self.connections, "requests": self._requests.total(), "people": orders})

    def _page(self, limit: int, start: int) -> bytes:
        end = len(self._people) - start
        rows = [
            {**person, "status": self._status(person)} for person in self._people[max(0, end - limit) : end]
        ]
        info = {
            "startCursor": str(start),
            "endCursor": str(start + limit),
            "hasNextPage": start + limit < len(self._people),
        }
        return _json({"totalCount": len(self._people), "patients": rows[::-1], "pageInfo": info})

    def _status(self, person: Mapping[str, str]) -> str:
        return "pending" if person["id"] in self._orders else "none"

    def _create(self, body: bytes) -> bytes:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        person = {"id": f"id{len(self._people):030}", **form}
        self._people.append(person)
        return _json(person)

    def _issue(self, path: str, template: str) -> bytes:
        patient_id = path.split("/")[3]
        self._orders.setdefault(patient_id, set()).add(template)
        return _json({"code": f"C{patient_id[-8:]}", "status": "pending"})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


class Connection(asyncio.Protocol):
    """HTTP/1.1 as far as it is needed: whole requests, one after the other, with Content-Length."""

    def __init__(self, account: Account, latency: float) -> None:
        self._account = account
        self._latency = latency
        self._got = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._account.connections += 1

    def data_received(self, data: bytes) -> None:
        """Answer what is whole, after the latency."""
        self._got += data
        head, mark, rest = self._got.partition(b"\r\n\r\n")
        if not mark:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        if len(rest) < length:
            return
        self._got = rest[length:]
        method, target, _ = head[: head.index(b"\r\n")].decode().split(" ")
        if self._latency and target[:4] == "/v1/":
            self._loop.call_later(self._latency, self._answer, method, target, rest[:length])
        else:
            self._answer(method, target, rest[:length])

    def _answer(self, method: str, target: str, body: bytes) -> None:
        found = self._account.answer(method, target, body)
        if found is None:
            self._transport.abort()
            return
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(found)
        self._transport.write(head + found)


async def main(latency: float, lost: float) -> None:
    """Serve until the process is ended."""
    account = Account(lost)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(account, latency), "127.0.0.1", 0, backlog=1024
    )
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)  # noqa: T201 - what the starter waits for
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), float((*sys.argv[2:], "0")[0])))
