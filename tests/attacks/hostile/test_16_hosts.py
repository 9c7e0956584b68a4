"""Kind 16: addresses in any spelling are addresses; a sandbox answers only who means it.

Patients' events, the API key and the control of a sandbox go where a host leads. What the host is gets
decided in one place, ``kardia_ctl/hosts.py``, as servers and browsers decide it.
"""

# ruff: noqa: RUF001  (look-alikes are what is tested)

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl import hosts
from kardia_ctl.api.endpoints import check_endpoint
from kardia_ctl.cli.main import run
from kardia_ctl.hosts import Host, InvalidHost, parse_authority, parse_host
from kardia_ctl.kinds import callback
from kardia_ctl.kinds.callback import url_problem
from kardia_ctl.model.errors import ApiError
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.webhook_events import EventDetails, WebhookEvent
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.values import Hook
from kardia_ctl.sandbox.host_guard import HostGuard
from kardia_ctl.sandbox.server import serving
from kardia_ctl.sandbox.webhook_sender import WebhookSender
from tests.attacks.safeguards import removed

LOOPBACK = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7F000001",
    "0X7f.1",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f.0x0.0x0.0x1",
    "127.0x0.0.01",
    "0x7f.1",
    "00000177.1",
    "127.0.0.1.",
    "2130706433.",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "①②⑦.0.0.1",
    "𝟏𝟐𝟕.0.0.1",
    "127.0.0.1\u00ad",
    "127.0.\u200b0.1",
    "０ｘ7f.1",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::1%25lo]",
    "[::1]",
]
"""Spellings that some program reads as an address of this machine."""

ADDRESSES = [
    "8.8.8.8",
    "134744072",
    "0x08.8.0x808",
    "010.8.8.8",
    "10.1",
    "192.168.257",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "0",
    "0.0.0.0",
    "0x",
    "[::]",
    "[fe80::1%25eth0]",
    "[64:ff9b::808:808]",
    "[2001:db8::1]",
    "1.2.3.4.5",
    "256.1.1.1",
    "4294967296",
    "hooks.example.0x7f",
    "hooks.example.1",
    "08.1.1.1",
    "9" * 400,
]
"""Other addresses, and numbers that a lenient parser may take for one."""

LOCAL = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ｌｏｃａｌｈｏｓｔ",
    "%6cocalhost",
    "hooks.localhost",
    "a.b.LocalHost.",
    "localhost.localdomain",
    "nas.local",
    "router.lan",
    "kardia.internal",
    "server.home.arpa",
    "intranet",
]

NO_HOSTS = [
    "",
    ".",
    "..",
    "hooks..example.com",
    ".example.com",
    "hooks.example.com..",
    "hooks.exa mple.com",
    "hooks.example.com%00",
    "hooks.example.com%2f.evil.example.com",
    "hooks%40evil.example.com",
    "%2531.example.com",
    "a" * 64 + ".example.com",
    "a." * 127 + "example",
    "xn--a.example.com",
    "xn--127-.example.com",
    "hooks.example.com\t",
    "hooks\n.example.com",
    "hooks.example.com\\evil",
    "hooks.example.com%ff",
    "a,b.example",
    "[::1",
    "[v1.a]",
    "[127.0.0.1]",
    "x" * 5000,
]


@pytest.mark.parametrize("host", [*LOOPBACK, *ADDRESSES])
def test_an_address_is_no_callback_in_any_spelling(host: str) -> None:
    for url in (f"https://{host}/hook", f"HTTPS://{host}:8443/hook?x=1", f"https://{host}"):
        assert url_problem(url, ()) is not None
        assert url_problem(url, (host, urlsplit(url).hostname or "")) is not None, (
            "not by the allowlist either"
        )


@pytest.mark.parametrize("host", LOCAL)
def test_a_name_of_this_machine_or_network_is_no_callback(host: str) -> None:
    found = url_problem(f"https://{host}/hook", (host,))
    assert found is not None
    assert "not public" in found[0]


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_is_no_callback(host: str) -> None:
    with pytest.raises(InvalidHost):
        parse_host(host)
    assert url_problem(f"https://{host}/hook", (host,)) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0\t.1/",
        "https://10.0.0\n.1/",
        "ht\ttps://127.0.0.1/",
        "https://127.0.\r0.1/",
        " https://127.0.0.1/",
        "https:\\\\127.0.0.1\\",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com@127.1/",
        "https://127.1\\.hooks.example.com/",
        "https:///127.0.0.1/",
        "https:127.0.0.1",
        "https://127.0.0.1#@hooks.example.com/",
        "https://hooks.example.com:80:80/",
        "https://[::1]hooks.example.com/",
        "https://hooks.example.com%2f@127.1/",
    ],
)
def test_a_url_that_two_parsers_read_differently_is_refused(url: str) -> None:
    assert url_problem(url, ()) is not None


@pytest.mark.parametrize(
    ("allowed", "host", "equal"),
    [
        ("hooks.example.com", "HOOKS.Example.COM", True),
        ("hooks.example.com", "hooks.example.com.", True),
        ("Hooks.example.com.", "hooks.example.com", True),
        ("bücher.example.com", "xn--bcher-kva.example.com", True),
        ("xn--bcher-kva.example.com", "BÜCHER.example.com", True),
        ("hooks.example.com", "hooks｡example．com", True),
        ("hooks.example.com", "hooks.ехample.com", False),
        ("hooks.example.com", "hooks.example.com.evil.org", False),
        ("hooks.example.com", "evilhooks.example.com", False),
        ("hooks.example.com", "hooks-example.com", False),
        ("example.com", "hooks.example.com", False),
        ("", "hooks.example.com", False),
        ("https://hooks.example.com", "hooks.example.com", False),
    ],
)
def test_the_allowlist_knows_a_host_in_each_of_its_spellings(allowed: str, host: str, *, equal: bool) -> None:
    assert (url_problem(f"https://{host}/hook", (allowed,)) is None) is equal


def test_every_spelling_of_a_number_is_its_address() -> None:
    for value in (0, 1, 0x7F000001, 0xA9FEA9FE, 0xFFFFFFFF):
        a, b, c, d = value.to_bytes(4, "big")
        for form in (
            f"{value}",
            f"{value:#x}",
            f"0{value:o}",
            f"{a}.{value & 0xFFFFFF}",
            f"{a:#x}.{b:#x}.{c << 8 | d}",
            f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
            f"{a}.{b:#x}.0{c:o}.{d}.",
        ):
            assert parse_host(form).address == ip_address(value), form


@given(st.text())
def test_any_text_is_a_host_or_none(text: str) -> None:
    try:
        found = parse_host(text)
    except InvalidHost:
        return
    assert found.name.isascii()
    assert parse_host(found.name.partition("%")[0]).address == found.address
    if found.address is None:
        assert parse_host(found.name) == found, "what was read is read the same again"


@pytest.mark.parametrize("host", [*LOOPBACK[1:-1], "a.localhost", "10.0.0.1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_key_goes_in_the_clear_to_a_plainly_spelled_loopback_alone(host: str, scheme: str) -> None:
    plain = host.isascii() and (host.startswith("10.") or host in ("a.localhost", "127.0.0.1."))
    if scheme == "https" and plain:
        assert check_endpoint(f"https://{host}")
        return
    if host == "127.0.0.1.":
        return
    with pytest.raises(ApiError, match="Next: write"):
        check_endpoint(f"{scheme}://{host}")


def test_the_command_line_names_the_place_of_every_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in ("callback", "qt_callback"):
        for host in ("0x7f.1", "017700000001", "１２７.0.0.1", "[::ffff:7f00:1]"):
            (tmp_path / "kardia.yaml").write_text(
                f"version: 1\ncallback_hosts: ['{host}']\n{key}: {{url: 'https://{host}/hook'}}\n"
            )
            assert run(["validate", str(tmp_path)]) == 1
            assert "kardia.yaml:3:" in (error := capsys.readouterr().err)
            assert "IP address" in error


def test_without_the_parser_an_address_passes() -> None:
    """Mutant: hosts are taken as they are written."""

    def naive(text: str) -> Host:
        return Host(text.lower().removesuffix("."))

    with removed(callback, "parse_host", naive), pytest.raises(AssertionError):
        test_an_address_is_no_callback_in_any_spelling("0x7f.0.0.1")
    with removed(hosts, "_is_number", lambda label: label.isdigit()), pytest.raises(AssertionError):
        test_an_address_is_no_callback_in_any_spelling("0x7f.0x0.0x0.0x1")


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as opened:
        yield opened


@pytest.fixture
def port(account: Account) -> Iterator[int]:
    with serving(create_app(account)) as url:
        yield urlsplit(url).port or 0


PATHS = (
    "GET /v1/patients",
    "POST /v1/patients",
    "PUT /v1/callback",
    "GET /e/v1/callback",
    "POST /_sandbox/seed",
    "GET /_sandbox/deliveries",
    "POST /_sandbox/nothing",
    "GET /",
    "GET /nowhere",
    "DELETE /v1/patients/x",
    "OPTIONS /v1/patients",
    "HEAD /v1/patients",
    "TRACE /",
    "PATCH /docs",
)


def ask(port: int, line: str, headers: list[str], version: str = "1.1", body: str = "") -> bytes:
    """Send one request as these bytes; return what comes back."""
    text = "\r\n".join((f"{line} HTTP/{version}", *headers, f"Content-Length: {len(body)}", "", body))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def status(answer: bytes) -> int:
    return int(answer.split()[1])


FOREIGN = [
    ["Host: evil.example.com"],
    ["Host: evil.example.com:PORT"],
    ["Host: 127.0.0.1"],
    ["Host: 127.0.0.1:1"],
    ["Host: localhost:PORT.evil.example.com"],
    ["Host: localhost.evil.example.com:PORT"],
    ["Host: user@127.0.0.1:PORT"],
    ["Host: evil.example.com#127.0.0.1:PORT"],
    ["Host: 10.0.0.1:PORT"],
    ["Host: "],
    ["Host: ::1:PORT"],
    ["Host: 127.0.0.1:PORT", "Host: evil.example.com"],
    [],
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_sandbox_does_not_answer_a_foreign_host(account: Account, port: int, headers: list[str]) -> None:
    given = [header.replace("PORT", str(port)) for header in headers]
    for line in PATHS:
        for version in ("1.1", "1.0"):
            assert status(ask(port, line, given, version)) in (400, 403, 421), line
    assert account.requests.all() == []
    assert account.patients.all() == []


@pytest.mark.parametrize(
    "header",
    [
        "Origin: https://evil.example.com",
        "Origin: null",
        "Origin: http://localhost:1",
        "Origin: ",
        "Origin: https://127.0.0.1:PORT",
        "Origin: http://127.0.0.1:PORT.evil.example.com",
        "Origin: http://127.0.0.1:PORT\r\nOrigin: http://evil.example.com",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: x",
        "sec-fetch-site: none\r\nSec-Fetch-Site: cross-site",
    ],
)
def test_a_sandbox_does_not_serve_another_sites_page(account: Account, port: int, header: str) -> None:
    given = [f"Host: 127.0.0.1:{port}", header.replace("PORT", str(port))]
    for line in PATHS:
        assert status(ask(port, line, given)) == 403, line
    assert account.requests.all() == []


def test_the_target_in_absolute_form_names_no_other_host(account: Account, port: int) -> None:
    for target in (
        f"http://evil.example.com:{port}/v1/patients",
        "http://evil.example.com/_sandbox/seed",
        "*",
    ):
        for method in ("GET", "POST", "OPTIONS"):
            assert status(ask(port, f"{method} {target}", [f"Host: 127.0.0.1:{port}"])) in (400, 421)
    assert account.requests.all() == []


def test_the_refusal_comes_before_the_body(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            b"POST /_sandbox/seed HTTP/1.1\r\nHost: evil.example.com\r\nContent-Length: 60000\r\n\r\n"
        )
        assert status(connection.recv(4096)) == 421


@pytest.mark.parametrize(
    "headers",
    [
        ["Host: 127.0.0.1:PORT"],
        ["Host: localhost:PORT"],
        ["Host: LOCALHOST.:PORT"],
        ["Host: [::1]:PORT"],
        ["Host: sandbox.localhost:PORT"],
        ["Host: localhost:PORT", "Origin: http://localhost:PORT", "Sec-Fetch-Site: same-origin"],
        ["Host: 127.0.0.1:PORT", "Sec-Fetch-Site: none"],
    ],
    ids=str,
)
def test_who_means_the_sandbox_is_answered(account: Account, port: int, headers: list[str]) -> None:
    given = [header.replace("PORT", str(port)) for header in headers]
    assert status(ask(port, "GET /v1/patients", given)) == 401
    assert status(ask(port, "GET /nowhere", given)) == 404
    seed = ask(
        port, "POST /_sandbox/seed", [*given, "Content-Type: application/json"], body='{"patients": 1}'
    )
    assert status(seed) == 200
    assert len(account.patients.all()) == 1


@pytest.mark.parametrize(
    ("listening", "names", "host", "admitted"),
    [
        ("0.0.0.0", (), "192.168.0.7:8180", True),
        ("0.0.0.0", (), "sandbox:8180", False),
        ("0.0.0.0", ("sandbox",), "SANDBOX:8180", True),
        ("0.0.0.0", ("localhost:9000",), "localhost:9000", True),
        ("0.0.0.0", ("sandbox",), "other:8180", False),
        ("::", (), "[2001:db8::7]:8180", True),
        ("10.0.0.5", (), "10.0.0.5:8180", True),
        ("10.0.0.5", (), "10.0.0.6:8180", False),
        ("127.0.0.1", (), "192.168.0.7:8180", False),
    ],
)
def test_other_names_are_admitted_where_a_person_says_so(
    listening: str, names: tuple[str, ...], host: str, *, admitted: bool
) -> None:
    async def app(*_: object) -> None:
        """Answers nothing."""

    guard = HostGuard(app, (listening, 8180), [parse_authority(name) for name in names])
    scope = {"type": "http", "path": "/", "headers": [(b"host", host.encode())]}
    assert (guard._error(scope) is None) is admitted


def test_without_the_guard_a_foreign_page_is_answered(account: Account, port: int) -> None:
    """Mutant: whoever reaches the port is served."""
    with removed(HostGuard, "_error", lambda *_: None):
        with pytest.raises(AssertionError):
            test_a_sandbox_does_not_answer_a_foreign_host(account, port, ["Host: evil.example.com"])
        with pytest.raises(AssertionError):
            test_a_sandbox_does_not_serve_another_sites_page(account, port, "Origin: null")


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "hook.localhost", "localhost."]
)
def test_a_webhook_goes_to_what_was_checked(account: Account, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}/hook"
        account.settings.set_callback(Hook.CALLBACK, url)
        account.outbox.emit(WebhookEvent.INBOX, EventDetails())
        listener.settimeout(10)
        sender = WebhookSender(account)
        asked: list[str] = []

        def resolved(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
            asked.append(address[0])
            raise ConnectionRefusedError

        with removed(socket, "create_connection", resolved):
            sender.deliver_due()
    assert asked in (["127.0.0.1"], ["localhost"], ["::ffff:7f00:1"]), "no other name is looked up"


@pytest.mark.parametrize(
    "host", ["0xa000001", "10.1", "[::ffff:10.0.0.1]", "localhost.example.com", "0", "[::]"]
)
def test_a_webhook_of_the_sandbox_leaves_for_no_other_machine(account: Account, host: str) -> None:
    account.settings.set_callback(Hook.CALLBACK, f"http://{host}/hook")
    account.outbox.emit(WebhookEvent.INBOX, EventDetails())
    WebhookSender(account).deliver_due()
    (delivered,) = account.outbox.deliveries()
    assert "this machine only" in (delivered.error or "")
