"""The sandbox under its real server on a loopback port: what arrives at a client, and what truly happened."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import Sandbox, create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.server import serving


@pytest.fixture
def app(account: Account) -> Sandbox:
    return create_app(account)


@pytest.fixture
def client(app: Sandbox) -> Iterator[httpx.Client]:
    with serving(app) as url, httpx.Client(base_url=url, auth=(API_KEY, ""), trust_env=False) as opened:
        yield opened


def always(kind: FaultKind, **values: Any) -> Faults:
    return Faults((FaultRule(kind, methods=frozenset({"POST"}), **values),))


def test_it_serves_the_api_on_loopback(client: httpx.Client, account: Account, joe: dict[str, str]) -> None:
    created = client.post("/v1/patients", data=joe)
    assert created.status_code == 200
    assert client.get("/v1/patients").json()["totalCount"] == len(account.patients.all()) == 1
    assert client.base_url.host == "127.0.0.1"


@pytest.mark.parametrize(("moment", "created"), [(Moment.BEFORE, 0), (Moment.AFTER, 1)])
def test_a_dropped_connection_is_reset_without_a_byte(
    client: httpx.Client, app: Sandbox, account: Account, joe: dict[str, str], moment: Moment, created: int
) -> None:
    app.faults = always(FaultKind.DROPPED, moment=moment)
    with pytest.raises(httpx.ReadError) as caught:
        client.post("/v1/patients", data=joe)
    assert "reset" in str(caught.value).lower()
    assert len(account.patients.all()) == created
    (record,) = account.requests.all()
    assert (record.method, record.route, record.status) == ("POST", "/v1/patients", None)


def test_after_a_drop_others_are_served(client: httpx.Client, app: Sandbox, joe: dict[str, str]) -> None:
    app.faults = always(FaultKind.DROPPED)
    with pytest.raises(httpx.ReadError):
        client.post("/v1/patients", data=joe)
    assert client.get("/v1/patients").status_code == 200


def test_a_late_commit_resets_first_and_acts_later(
    client: httpx.Client, app: Sandbox, account: Account, clock: Any, joe: dict[str, str]
) -> None:
    app.faults = always(FaultKind.LATE_COMMIT, seconds=30.0)
    with pytest.raises(httpx.ReadError):
        client.post("/v1/patients", data=joe)
    assert account.patients.all() == []
    clock.advance(30)
    assert len(account.patients.all()) == 1


def test_a_truncated_answer_ends_early(
    client: httpx.Client, app: Sandbox, account: Account, joe: dict[str, str]
) -> None:
    app.faults = always(FaultKind.TRUNCATED)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.post("/v1/patients", data=joe)
    assert len(account.patients.all()) == 1


def test_a_slow_answer_outlasts_an_impatient_client(
    client: httpx.Client, app: Sandbox, account: Account, joe: dict[str, str]
) -> None:
    app.faults = always(FaultKind.SLOW, seconds=1.0)
    with pytest.raises(httpx.ReadTimeout):
        client.post("/v1/patients", data=joe, timeout=httpx.Timeout(30, read=0.01))
    assert client.post("/v1/patients", data=joe).status_code == 200


def test_a_connection_is_kept_alive(client: httpx.Client) -> None:
    ports = set()
    for _ in range(3):
        response = client.get("/v1/callback")
        ports.add(response.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


def test_a_taken_port_is_an_os_error(app: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = serving(app, port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            server.__enter__()


def test_serve_says_when_it_is_ready_and_nothing_else() -> None:
    script = """
import os, signal, sys, urllib.error, urllib.request
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.server import serve
from threading import Thread

def ask(url):
    try:
        urllib.request.urlopen(url + "/v1/patients?start=unmistakable")
    except urllib.error.HTTPError as error:
        error.close()
    os.kill(os.getpid(), signal.SIGTERM)

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
serve(create_app(Account()), on_ready=lambda url: Thread(target=ask, args=(url,)).start())
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
