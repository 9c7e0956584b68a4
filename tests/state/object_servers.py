"""Servers of object stores for tests, on loopback: S3 (moto, in this process) and Azure (azurite, of npm)."""

import http.client
import logging
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest


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
        for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "AZURITE_"))]:
            patch.delenv(name)
        for name, value in values.items():
            patch.setenv(name, value)
        yield


@contextmanager
def s3_server() -> Iterator[Mapping[str, str]]:
    """An S3 server with the bucket ``clinic-state``; the variables that lead to it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
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
        server.stop()


@contextmanager
def s3_engine() -> Iterator[ObjectEngine]:
    with s3_server() as values, environment(values):
        yield ObjectEngine("s3", "s3://clinic-state", values)
