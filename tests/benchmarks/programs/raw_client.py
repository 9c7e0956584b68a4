"""The honest upper bound of onboarding: the same requests from bare sockets, with none of the safety.

python raw_client.py URL KEY COUNT WORKERS

Creates COUNT patients and asks for one code each, WORKERS at once, each on one connection.
"""

import asyncio
import json
import sys
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


async def _work(url: str, key: str, numbers: Iterator[int]) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    headers = f"Host: {parts.netloc}\r\nAuthorization: Basic {b64encode(f'{key}:'.encode()).decode()}\r\n"
    for number in numbers:
        form = urlencode(
            {
                "mrn": f"RC-{number:07}",
                "dob": "1980-01-02",
                "email": f"patient-{number}@example.com",
                "firstname": "Ansa",
                "lastname": "Belmir",
                "sex": "0",
            }
        )
        created = await _send(
            reader,
            writer,
            f"POST /v1/patients HTTP/1.1\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(form)}\r\n\r\n{form}".encode(),
        )
        path = f"/v1/patients/{json.loads(created)['id']}/code?template_id=tpl-1"
        issued = await _send(reader, writer, f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
        assert json.loads(issued)["code"]
    writer.close()


async def main(url: str, key: str, count: int, workers: int) -> None:
    """Onboard everybody."""
    numbers = iter(range(count))
    await asyncio.gather(*(_work(url, key, numbers) for _ in range(workers)))
    print(count)  # noqa: T201 - a script's result


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
