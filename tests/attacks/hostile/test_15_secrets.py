"""Secrets do not leave the process: logs of TLS keys, core files, process lists, short keys, reprs."""

import os
import resource
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from kardia_ctl.api.http import connections
from kardia_ctl.api.http.connections import ConnectionOptions
from kardia_ctl.api.http.trust import trust_of
from kardia_ctl.cli import process
from kardia_ctl.cli.account import keys as account_keys
from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.keys import SHORTEST, Keys, api_key
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.sandbox.data.invented import API_KEY
from tests.attacks.safeguards import removed
from tests.canary.desk import InnerDesk, in_memory, inner_desk

PASSWORD: Final = "qzproxy4417pw"
PROXY: Final = f"http://someone:{PASSWORD}@127.0.0.1:9"
NOBODY: Final = 65534
EMPTY: Final = "version: 1\ncallback: {url: https://hooks.example.com/kardia}\n"


@pytest.fixture
def desk() -> Iterator[InnerDesk]:
    with in_memory() as place:
        place.chmod(0o755)
        with inner_desk(place / "clinic", EMPTY) as opened:
            yield opened


# SSLKEYLOGFILE


def connect_everywhere(ca_file: str | None = None) -> None:
    """Make every context of TLS that there is: to the API, to a proxy, both with authorities of our own."""
    for proxy in (None, "https://proxy.example.com:3129", "http://proxy.example.com:3128"):
        connections.connect(ConnectionOptions(proxy=proxy, ca_file=ca_file), clock=lambda: 0.0)


def test_no_connection_logs_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import certifi

    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    connect_everywhere()
    connect_everywhere(certifi.where())
    assert trust_of(None).keylog_filename is None
    assert not (tmp_path / "keys.log").exists()


def test_certificates_and_names_are_verified_as_by_default() -> None:
    ours, default = trust_of(None), ssl.create_default_context()
    assert (ours.verify_mode, ours.check_hostname) == (default.verify_mode, default.check_hostname)
    assert ours.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert len(ours.get_ca_certs()) > 50


def test_a_command_says_that_it_ignores_the_key_log(desk: InnerDesk, tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    ran = command("plan", str(desk.path), "--proxy", "https://127.0.0.1:9", SSLKEYLOGFILE=str(log))
    assert "SSLKEYLOGFILE is ignored" in ran.stderr
    assert not log.exists()
    assert "SSLKEYLOGFILE" not in command("--version", SSLKEYLOGFILE=str(log)).stderr
    assert not log.exists()


def test_the_library_alone_would_log_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        removed(connections, "trust_of", lambda _: ssl.create_default_context()),
        pytest.raises(AssertionError),
    ):
        test_no_connection_logs_its_keys(tmp_path, monkeypatch)


# Core files

ASKED: Final = """
import ctypes, os, resource, signal, sys
from kardia_ctl.cli import main as entry

{patch}
def asked(arguments):
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE), flush=True)
    {then}
    return 0

entry.run = asked
entry.main(["plan"])
"""


def limited() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def ask(then: str = "", patch: str = "") -> subprocess.CompletedProcess[str]:
    code = ASKED.format(then=then, patch=patch)
    line = [sys.executable, "-c", code]
    return subprocess.run(line, capture_output=True, text=True, check=False, preexec_fn=limited)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_no_command_leaves_a_core_file() -> None:
    assert ask().stdout == "0 0 0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_without_the_protection_the_process_can_be_dumped() -> None:
    """The mutant: what the operating system would be told without us."""
    ran = ask(patch="from kardia_ctl.cli import process\nprocess.protect_process = lambda: None")
    assert ran.stdout.startswith("1 ")


@pytest.mark.parametrize("end", ["SIGSEGV", "SIGABRT", "SIGQUIT"])
def test_a_process_that_breaks_off_is_not_dumped(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = [sys.executable, "-c", ASKED.format(then=f"os.kill(os.getpid(), signal.{end})", patch="")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, preexec_fn=limited) as started:  # noqa: PLW1509  (one thread)
        started.stdout and started.stdout.read()
        _, status = os.waitpid(started.pid, 0)
        started.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == getattr(signal, end)
    assert not os.WCOREDUMP(status)
    assert not list(tmp_path.iterdir())


def test_a_program_that_is_started_may_be_dumped_as_before() -> None:
    """What this process must not leave is no rule for a keyring's helper: the mark ends with exec."""
    child = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    ran = ask(then=f"import subprocess; subprocess.run([sys.executable, '-c', {child!r}])")
    assert ran.stdout.splitlines()[1:] == ["1"]


def test_a_platform_without_these_calls_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setitem(sys.modules, "ctypes", None)
    process.protect_process()


AS_NOBODY: Final = """
import os, sys
from kardia_ctl.cli.main import main
from kardia_ctl.cli.commands import plan, state, status
from kardia_ctl.cli.commands.apply import command
import kardia_ctl.state.sqlite.sqlite_store, kardia_ctl.render.plan.terraform_json
import kardia_ctl.api.client, kardia_ctl.sandbox.app
import jsonschema, jsonschema_rs, httpx, httpcore, sniffio, anyio._backends._asyncio, httpcore._backends.anyio

if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
main(sys.argv[1:])
"""


def as_nobody(*words: str, pipe: int | None = None, **more: str) -> tuple[int, str, str]:
    """Run a command as somebody who is not root, whose pipes are its own: exit code, stdout, stderr."""
    pipes = [os.pipe() for _ in range(2)]
    for descriptor in (*(write for _, write in pipes), *(() if pipe is None else (pipe,))):
        if os.geteuid() == 0:
            os.fchown(descriptor, NOBODY, NOBODY)
    ran = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *words],
        stdout=pipes[0][1], stderr=pipes[1][1], check=False, env=environment(**more),
        pass_fds=() if pipe is None else (pipe,),
    )  # fmt: skip
    for _, write in pipes:
        os.close(write)
    told = []
    for read, _ in pipes:
        with os.fdopen(read) as opened:
            told.append(opened.read())
    return ran.returncode, told[0], told[1]


@pytest.mark.parametrize("out", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/stderr"])
def test_whoever_is_not_root_may_write_to_a_descriptor(desk: InnerDesk, out: str) -> None:
    """The /proc/self of a process that is not dumpable belongs to root."""
    os.chown(desk.path, NOBODY, NOBODY)
    code, told, errors = as_nobody("plan", str(desk.path), "--sandbox", "--out", out)
    assert code == 0, errors
    assert "kardia-ctl-plan" in (errors if out == "/dev/stderr" else told)


def test_whoever_is_not_root_may_read_a_key_from_a_descriptor(desk: InnerDesk) -> None:
    os.chown(desk.path, NOBODY, NOBODY)
    read, write = os.pipe()
    os.write(write, b"k" * SHORTEST)
    os.close(write)
    words = ("plan", str(desk.path), "--endpoint", "http://127.0.0.1:9", "--api-key-file", f"/dev/fd/{read}")
    _, _, errors = as_nobody(*words, pipe=read, KARDIA_API_KEY="")
    os.close(read)
    assert "never connected" in errors


# KARDIA_PROXY


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KARDIA_")}
    return kept | {"KARDIA_API_KEY": "an-invented-key-0001", "KARDIA_ENDPOINT": "https://127.0.0.1:9"} | more


WITHOUT_PAUSES: Final = """
import sys
from kardia_ctl.api.limits.retry import RetryPolicy
from kardia_ctl.cli.main import main

RetryPolicy.wait = lambda *_: 0.0
main(sys.argv[1:])
"""


def command(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", WITHOUT_PAUSES, *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environment(**more))


@pytest.mark.parametrize(
    "url",
    [
        PROXY,
        PROXY.removeprefix("http://"),
        f"HTTP://:{PASSWORD}@h",
        f"//a:{PASSWORD}@h/",
        f"http://a:b@{PASSWORD}:x@h",
    ],
)
def test_a_password_on_the_command_line_is_refused(desk: InnerDesk, url: str) -> None:
    for words in (("--proxy", url), (f"--proxy={url}",)):
        ran = desk.plan(*words)
        assert ran.code == 1
        assert "KARDIA_PROXY" in ran.err
        assert PASSWORD not in ran.told


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "  "])
def test_a_password_in_the_variable_is_used_and_not_shown(desk: InnerDesk, end: str) -> None:
    ran = command("plan", str(desk.path), KARDIA_PROXY=PROXY + end, KARDIA_DEBUG="")
    assert "never connected" in ran.stderr
    assert PASSWORD not in ran.stdout + ran.stderr
    broken = command("plan", str(desk.path), KARDIA_PROXY=f"nonsense:{PASSWORD}@" + end)
    assert broken.returncode == 1
    assert PASSWORD not in broken.stdout + broken.stderr


def test_a_proxy_that_repeats_the_password_does_not_show_it(desk: InnerDesk) -> None:
    from kardia_ctl.api.scrubbing.scrub import Scrubber, secrets_of

    scrub = Scrubber()
    for part in secrets_of(PROXY):
        scrub.hide(part)
    assert PASSWORD not in scrub(f"407 for someone:{PASSWORD}")


def test_a_proxy_without_a_password_may_stand_on_the_command_line(desk: InnerDesk) -> None:
    ran = command("plan", str(desk.path), "--proxy", "http://127.0.0.1:9")
    assert "never connected" in ran.stderr


# Short keys


def given(source: str, key: str, tmp_path: Path) -> str:
    """Take the API key from a source."""
    if source == "file":
        (tmp_path / "key.txt").write_text(f"{key}\n")
        return api_key(AccountOptions(api_key_file=tmp_path / "key.txt"), {})
    environ = {"KARDIA_API_KEY": f" {key}\r\n"} if source == "KARDIA_API_KEY" else {}
    return api_key(AccountOptions(), environ, lambda: key)


@pytest.mark.parametrize("source", ["KARDIA_API_KEY", "file", "keyring"])
def test_a_short_api_key_is_refused_wherever_it_comes_from(source: str, tmp_path: Path) -> None:
    key = "qz-cut-key-1234"
    with pytest.raises(RunStopped, match="16 characters") as caught:
        given(source, key, tmp_path)
    assert source.replace("file", "key.txt") in str(caught.value)
    assert key not in str(caught.value)
    assert given(source, key + "5", tmp_path) == key + "5"


@pytest.mark.parametrize("name", ["KARDIA_PLAN_KEY", "KARDIA_STATE_KEY", "KARDIA_STATE_ENCRYPTION_KEY"])
def test_a_short_key_of_ours_is_refused_and_line_ends_do_not_count(name: str, tmp_path: Path) -> None:
    with pytest.raises(RunStopped, match=f"{name} is shorter than 16") as caught:
        Keys(tmp_path, {name: "qzshort\r\n\r\n\r\n\r\n\r\n"}).plans()
    assert "qzshort" not in str(caught.value)
    long = "a key of 16 char"
    assert Keys(tmp_path, {name: long}).plans() == Keys(tmp_path, {name: f"{long}\n"}).plans()


def test_half_a_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\x01" * 15)
    with pytest.raises(RunStopped, match=r"the key in .*key is shorter"):
        Keys(tmp_path, {}).fingerprints()


def test_the_sandboxs_documented_key_is_no_secret_and_accepted() -> None:
    assert api_key(AccountOptions(), {"KARDIA_API_KEY": API_KEY}) == API_KEY


def test_without_the_check_a_short_key_is_taken(tmp_path: Path) -> None:
    with removed(account_keys, "SHORTEST", 0), pytest.raises(pytest.fail.Exception):
        test_a_short_api_key_is_refused_wherever_it_comes_from("KARDIA_API_KEY", tmp_path)


# What holds a secret does not say it


def holders() -> list[Any]:
    key = "qz7key97-cd11-48c3-a0dd-62zqapikey8z"
    account = AccountOptions(proxy=PROXY)
    return [account, ConnectionOptions(proxy=PROXY), Keys(Path(), {"KARDIA_PLAN_KEY": key}, key)]


def test_the_repr_of_what_holds_a_secret_does_not_show_it() -> None:
    for holder in holders():
        assert "qz" not in repr(holder)
        assert "qz" not in f"{holder}"
