"""Servers of object stores for tests, on loopback: S3 (moto, in this process) and Azure (azurite, of npm)."""

import base64
import hmac
import http.client
import logging
import os
import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

import pytest

from tests.paths import ROOT

_AZURITE: Final = "build/azurite/node_modules/.bin"


class ObjectEngine:
    """A prefix of its own in one bucket for each place."""

    examples = 6
    outlives = 4.0

    def __init__(self, name: str, base: str, environment: Mapping[str, str]) -> None:
        self.name = name
        self._base = base
        self._environment = environment

    def place(self, directory: Path) -> tuple[str, Mapping[str, str]]:
        return f"{self._base}/{uuid.uuid4().hex}?lease=2", self._environment

    def kill(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables in this process, where the stores of a test find them."""
    with pytest.MonkeyPatch.context() as patch:
        kind = next(iter(values)).partition("_")[0]
        for name in [name for name in os.environ if name.startswith(f"{kind}_")]:
            patch.delenv(name)
        for name, value in values.items():
            patch.setenv(name, value)
        yield


@contextmanager
def s3_server(latency: float = 0.0) -> Iterator[Mapping[str, str]]:
    """An S3 server with the bucket ``clinic-state``; the variables that lead to it.

    ``latency`` is in seconds, for each request.
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    application = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        time.sleep(latency)
        return application(environ, start_response)

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        host, port = "127.0.0.1", server.server_port
        connection = http.client.HTTPConnection(host, port)
        connection.request("PUT", "/clinic-state")
        assert connection.getresponse().status == 200
        connection.close()
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "access",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def s3_engine() -> Iterator[ObjectEngine]:
    with s3_server() as values, environment(values):
        yield ObjectEngine("s3", "s3://clinic-state", values)


_ACCOUNT: Final = "devstoreaccount1"
_KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account and key of every azurite, from Microsoft's documentation."""

_VERSION: Final = "2021-08-06"
_OPTIONS: Final = ("--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent")


def azurite() -> str:
    """The program azurite-blob; without it a test is skipped, and fails in CI."""
    program = shutil.which("azurite-blob", path=f"{os.environ.get('PATH')}:{ROOT / _AZURITE}")
    if program is None and os.environ.get("TESTS_IN_CI"):
        pytest.fail("no azurite: npm install --prefix build/azurite azurite")
    if program is None:
        pytest.skip("no azurite: npm install --prefix build/azurite azurite")
    return program


@contextmanager
def azure_server() -> Iterator[Mapping[str, str]]:
    """An Azure Blob server with the container ``clinic-state``; the variables that lead to it."""
    program, port = azurite(), _free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), *_OPTIONS]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _create_container(port)
            yield {
                "AZURE_STORAGE_ACCOUNT_NAME": _ACCOUNT,
                "AZURE_STORAGE_ACCOUNT_KEY": _KEY,
                "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{port}/{_ACCOUNT}",
                "AZURE_ALLOW_HTTP": "true",
            }
        finally:
            process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _create_container(port: int) -> None:
    """Create the container once the server listens (Microsoft: "Authorize with Shared Key")."""
    date, path = formatdate(usegmt=True), f"/{_ACCOUNT}/clinic-state"
    signed = f"PUT{12 * chr(10)}x-ms-date:{date}\nx-ms-version:{_VERSION}"
    signed = f"{signed}\n/{_ACCOUNT}{path}\nrestype:container"
    digest = hmac.digest(base64.b64decode(_KEY), signed.encode(), "sha256")
    headers = {
        "x-ms-date": date,
        "x-ms-version": _VERSION,
        "Authorization": f"SharedKey {_ACCOUNT}:{base64.b64encode(digest).decode()}",
        "Content-Length": "0",
    }
    over = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("PUT", f"{path}?restype=container", headers=headers)
            assert connection.getresponse().status == 201
        except ConnectionRefusedError:
            assert time.monotonic() < over, "azurite does not start"
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()


@contextmanager
def azure_engine() -> Iterator[ObjectEngine]:
    with azure_server() as values, environment(values):
        yield ObjectEngine("azure", "az://clinic-state", values)
