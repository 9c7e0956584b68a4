"""A server so light that the client is what is measured: the sandbox's answers take longer than our requests.

python quick_server.py PATIENTS LATENCY [LOST]

It keeps an account in memory, follows the documents for the calls that onboarding sends, and waits LATENCY
seconds before each answer. The fraction LOST of the writes is executed and then answered by a closed
connection. GET /counts tells what arrived. The first line it prints is its base URL.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

_PAGE: Final = 500
_TEMPLATES: Final = json.dumps(
    [{"teamID": "team-1", "templateName": "One year", "templateId": "tpl-1", "duration": 365, "price": 0}]
).encode()
_PERSON: Final = ("mrn", "dob", "email", "firstname", "lastname", "sex")


class Account:
    """Who is there, newest last, and what arrived."""

    def __init__(self, patients: int, lost: float) -> None:
        self.people = [_invented(number) for number in range(patients)]
        self.codes: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.connections = 0
        self.most_open = 0
        self.open = 0
        self._lost = lost
        self._chance = random.Random(1)

    def answer(self, method: str, target: str, body: bytes) -> bytes | None:
        """The body of a 200; None when the answer is lost."""
        parts = urlsplit(target)
        if parts.path == "/counts":
            return self._counts()
        if parts.path == "/people":
            return json.dumps([person["mrn"] for person in self.people]).encode()
        self.requests[f"{method} {parts.path if parts.path.count('/') < 3 else '/v1/patients/:id/code'}"] += 1
        if method == "GET" and parts.path == "/v1/patients":
            return self._page(parse_qs(parts.query))
        if parts.path == "/v1/teamConnectionTemplate":
            return _TEMPLATES
        found = self._create(body) if method == "POST" else self._code(parts.path)
        return None if self._chance.random() < self._lost else found

    def _counts(self) -> bytes:
        return json.dumps(
            {
                "connections": self.connections,
                "most_open": self.most_open,
                "requests": self.requests,
                "codes": self.codes,
            }
        ).encode()

    def _page(self, query: dict[str, list[str]]) -> bytes:
        limit, start = int(query.get("limit", ["100"])[0]), int(query.get("start", ["0"])[0])
        end = len(self.people) - start
        rows = self.people[max(0, end - limit) : end][::-1]
        more = start + limit < len(self.people)
        info = {"startCursor": str(start), "endCursor": str(start + limit), "hasNextPage": more}
        return json.dumps({"totalCount": len(self.people), "patients": rows, "pageInfo": info}).encode()

    def _create(self, body: bytes) -> bytes:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        person = {"id": f"id{len(self.people):030}", **form}
        self.people.append({**person, "status": "none"})
        return json.dumps(person).encode()

    def _code(self, path: str) -> bytes:
        patient_id = unquote(path.split("/")[3])
        self.codes[patient_id] += 1
        return json.dumps({"code": f"C{patient_id[-8:]}", "status": "pending"}).encode()


def _invented(number: int) -> dict[str, Any]:
    values = (f"QS-{number:07}", "1980-01-02", f"patient-{number}@example.com", "Ansa", "Belmir", "0")
    return {"id": f"id{number:030}", **dict(zip(_PERSON, values, strict=True)), "status": "none"}


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
        account = self._account
        account.connections += 1
        account.open += 1
        account.most_open = max(account.most_open, account.open)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Count it."""
        self._account.open -= 1

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


async def main(patients: int, latency: float, lost: float) -> None:
    """Serve until the process is ended."""
    account = Account(patients, lost)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(account, latency), "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)  # noqa: T201 - what the starter waits for
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float((*sys.argv[3:], "0")[0])))
