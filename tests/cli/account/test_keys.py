"""Keys: got for a login, kept in the keyring, made anew without ever having no copy, removed."""

import io
import os
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.null import Keyring as NullKeyring

from kardia_ctl.cli.account.keyring import SERVICE
from kardia_ctl.cli.files.key_safe import KeySafe
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY, LOGIN_EMAIL, LOGIN_PASSWORD
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import OldKey, Quirks
from kardia_ctl.sandbox.server import serving
from kardia_ctl.state.open import open_store
from tests.cli.conftest import Desk, Ran


class MemoryKeyring(KeyringBackend):
    """Keeps entries as long as it is told to."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        self.kept: dict[tuple[str, str], str] = {}
        self.forgets = False
        self.fails_after = 1_000

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.fails_after -= 1
        if self.fails_after < 0:
            raise RuntimeError(f"locked: {password}")
        if not self.forgets:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    made = MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(NullKeyring())  # type: ignore[no-untyped-call]  # as above


@pytest.fixture
def nowhere(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """No configuration, and no key in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KARDIA_API_KEY")
    return desk


@pytest.fixture
def endpoint(nowhere: Desk) -> str:
    return os.environ["KARDIA_ENDPOINT"]


def log_in(desk: Desk, *more: str, password: str = LOGIN_PASSWORD) -> Ran:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        return desk.run("login", "--email", LOGIN_EMAIL, "--password-stdin", *more)


def new_key(desk: Desk) -> str:
    """The key that a login gets now."""
    found = log_in(desk, "--print")
    assert found.code == 0
    return found.out.strip()


def make_keys(desk: Desk) -> int:
    return sum(one.route == "/v1/apikey/new" for one in desk.account.requests.all())


# login and logout


def test_a_login_keeps_the_key_where_the_next_command_finds_it(
    nowhere: Desk, endpoint: str, ring: MemoryKeyring
) -> None:
    ran = log_in(nowhere)
    assert (ran.code, ran.out) == (0, "")
    assert ring.kept == {(SERVICE, endpoint): API_KEY}
    assert nowhere.run("get", "templates").code == 0
    assert nowhere.run("logout").code == 0
    assert ring.kept == {}
    assert nowhere.run("get", "templates").code == 1
    assert "holds no key" in nowhere.run("logout").err


def test_print_prints_the_key_alone_and_keeps_it_nowhere(nowhere: Desk, ring: MemoryKeyring) -> None:
    ran = log_in(nowhere, "--print")
    assert (ran.code, ran.out, ran.err) == (0, f"{API_KEY}\n", "")
    assert ring.kept == {}


def test_a_wrong_password_is_said_without_it(nowhere: Desk, ring: MemoryKeyring) -> None:
    ran = log_in(nowhere, password="Wr0ng-password")
    assert ran.code == 1
    assert "refused this e-mail address" in ran.err
    assert "Wr0ng" not in ran.err
    assert LOGIN_EMAIL not in ran.err
    assert ring.kept == {}


def test_without_a_keyring_nothing_is_sent_and_the_error_says_what_to_do(
    nowhere: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = log_in(nowhere)  # the null keyring forgets
    assert (ran.code, ran.requests) == (1, [])
    assert "--print" in ran.err
    monkeypatch.setitem(sys.modules, "keyring", None)
    ran = log_in(nowhere)
    assert (ran.code, ran.requests) == (1, [])
    assert "pip install 'kardia-ctl[keyring]'" in ran.err
    assert log_in(nowhere, "--print").code == 0


def test_without_a_terminal_the_password_is_not_asked_for(
    nowhere: Desk, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(LOGIN_PASSWORD))
    ran = nowhere.run("login", "--email", LOGIN_EMAIL)
    assert (ran.code, ran.requests) == (1, [])
    assert "--password-stdin" in ran.err


def test_pro_has_no_login(nowhere: Desk, ring: MemoryKeyring) -> None:
    for words in (("--print",), ()):
        ran = log_in(nowhere, "--dialect", "pro", *words)
        assert (ran.code, ran.requests) == (1, [])
        assert "from the vendor" in ran.err


# Where a key comes from


def test_the_keyring_is_not_even_loaded_when_a_key_is_nearer(
    nowhere: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def asked(*_: object) -> str:
        raise AssertionError("the keyring was asked")

    monkeypatch.setattr("kardia_ctl.cli.account.keyring.find_key", asked)
    file = tmp_path / "key"
    file.write_text(API_KEY)
    assert nowhere.run("get", "templates", "--api-key-file", str(file)).code == 0
    monkeypatch.setenv("KARDIA_API_KEY", API_KEY)
    assert nowhere.run("get", "templates").code == 0
    assert nowhere.run("get", "templates", "--sandbox").code == 0


def test_plan_and_apply_take_the_key_from_the_keyring(
    nowhere: Desk, endpoint: str, ring: MemoryKeyring
) -> None:
    assert "kardia-ctl login" in nowhere.plan().err
    ring.kept[SERVICE, endpoint] = API_KEY
    assert nowhere.apply().code == 0


def test_a_workspace_has_a_key_of_its_own_before_the_endpoints(
    nowhere: Desk, endpoint: str, ring: MemoryKeyring
) -> None:
    nowhere.write("version: 1\nworkspace: north\n")
    ring.kept[SERVICE, endpoint] = "another-key-of-nobody"
    path = ("--config", str(nowhere.path))
    assert nowhere.run("get", "templates", *path).code == 1
    assert log_in(nowhere, *path).code == 0
    assert ring.kept == {
        (SERVICE, endpoint): "another-key-of-nobody",
        (SERVICE, f"{endpoint} north"): API_KEY,
    }
    assert nowhere.run("get", "templates", *path).code == 0
    assert nowhere.run("logout", *path).code == 0
    assert ring.kept == {(SERVICE, endpoint): "another-key-of-nobody"}


# rotate-key


@pytest.fixture
def keyed(nowhere: Desk, endpoint: str, ring: MemoryKeyring) -> Desk:
    """The key is in the keyring."""
    ring.kept[SERVICE, endpoint] = API_KEY
    return nowhere


def test_the_new_key_is_kept_and_proven_and_the_old_ones_end_is_told(
    keyed: Desk, endpoint: str, ring: MemoryKeyring
) -> None:
    ran = keyed.run("rotate-key", "--auto-approve")
    assert (ran.code, ran.out) == (0, "")
    kept = ring.kept[SERVICE, endpoint]
    assert kept == new_key(keyed) != API_KEY
    assert "The new key works." in ran.err
    assert "The old key is refused" in ran.err
    assert kept not in ran.err
    assert ran.requests == ["POST /v1/apikey/new", *["GET /v1/teamConnectionTemplate"] * 2]


def test_an_old_key_that_lives_on_is_told(keyed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(create_app(keyed.account, Quirks(old_key=OldKey.LIVES))) as url:
        ring = keyring.get_keyring()
        ring.set_password(SERVICE, url, API_KEY)
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        assert "The old key still works" in keyed.run("rotate-key", "--auto-approve").err


@pytest.mark.parametrize("where", ["file", "stdout"])
def test_the_new_key_may_go_elsewhere(keyed: Desk, endpoint: str, ring: MemoryKeyring, where: str) -> None:
    words = ("--out", "new.key") if where == "file" else ("--print",)
    ran = keyed.run("rotate-key", "--auto-approve", *words)
    assert ran.code == 0
    key = new_key(keyed)
    assert ring.kept == {(SERVICE, endpoint): API_KEY}
    if where == "file":
        assert Path("new.key").read_text() == f"{key}\n"
        assert stat.S_IMODE(Path("new.key").stat().st_mode) == 0o600
        assert sorted(path.name for path in Path().iterdir() if path.is_file()) == ["new.key"]
    else:
        assert ran.out == f"{key}\n"


def test_copies_of_the_old_key_are_named(keyed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("old.key").write_text(API_KEY)
    ran = keyed.run("rotate-key", "--auto-approve", "--api-key-file", "old.key", "--out", "old.key")
    assert (ran.code, "Warning" in ran.err) == (0, False)
    monkeypatch.setenv("KARDIA_API_KEY", Path("old.key").read_text().strip())
    ran = keyed.run("rotate-key", "--auto-approve", "--api-key-file", "old.key")
    assert "KARDIA_API_KEY holds the old key" in ran.err
    assert "old.key holds the old key" in ran.err


def test_without_a_yes_no_key_is_made(keyed: Desk) -> None:
    ran = keyed.run("rotate-key")
    assert (ran.code, make_keys(keyed)) == (1, 0)
    assert "--auto-approve" in ran.err


@pytest.mark.parametrize("how", ["the keyring forgets", "the keyring is locked", "no such directory"])
def test_no_key_is_made_that_could_not_be_kept(keyed: Desk, ring: MemoryKeyring, how: str) -> None:
    ring.forgets = how == "the keyring forgets"
    ring.fails_after = 0 if how == "the keyring is locked" else 1_000
    words = ("--out", "nowhere/key") if how == "no such directory" else ()
    ran = keyed.run("rotate-key", "--auto-approve", *words)
    assert (ran.code, make_keys(keyed)) == (1, 0)


def test_a_key_that_could_not_be_kept_after_all_is_in_a_file_that_is_named(
    keyed: Desk, ring: MemoryKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ring.fails_after = 1  # the trial entry is taken, the key is not
    ran = keyed.run("rotate-key", "--auto-approve")
    assert ran.code == 1
    file = next(tmp_path.glob("kardia-key-*"))
    assert str(file) in ran.err
    assert file.read_text() == f"{new_key(keyed)}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in ran.err


@pytest.mark.parametrize("made", [True, False])
def test_a_lost_answer_is_in_doubt_is_not_repeated_and_says_what_to_do(
    keyed: Desk, endpoint: str, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, made: bool
) -> None:
    moment = Moment.AFTER if made else Moment.BEFORE
    fault = FaultRule(FaultKind.DROPPED, moment, methods=frozenset({"POST"}), path="/v1/apikey/new")
    with serving(create_app(keyed.account, Quirks(), Faults((fault,)))) as url:
        ring.set_password(SERVICE, url, API_KEY)
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        ran = keyed.run("rotate-key", "--auto-approve")
    assert (ran.code, make_keys(keyed)) == (1, 1)
    if made:
        assert "The old key is refused: the new one was made" in ran.err
        assert "kardia-ctl login" in ran.err
    else:
        assert "The old key still works" in ran.err
        assert "run kardia-ctl rotate-key again" in ran.err
    assert ring.kept[SERVICE, url] == API_KEY


def test_no_key_is_made_while_an_apply_runs(keyed: Desk) -> None:
    with open_store("sqlite:///.kardia/state.db", keyed.path, "default").lock("apply"):
        ran = keyed.run("rotate-key", "--auto-approve", "--config", str(keyed.path))
    assert (ran.code, make_keys(keyed)) == (1, 0)
    assert "is locked" in ran.err
    assert keyed.run("rotate-key", "--auto-approve", "--config", str(keyed.path)).code == 0


def test_ctrl_c_does_not_come_between_a_key_and_its_being_kept(
    keyed: Desk, endpoint: str, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kardia_ctl.cli.commands import rotate_key as rotate_key_command

    keep = rotate_key_command._store

    def interrupted(key: str, place: rotate_key_command.StoreKey, safe: KeySafe) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT):
            signal.raise_signal(number)
        keep(key, place, safe)

    monkeypatch.setattr(rotate_key_command, "_store", interrupted)
    before = signal.getsignal(signal.SIGINT)
    assert keyed.run("rotate-key", "--auto-approve").code == 0
    assert ring.kept[SERVICE, endpoint] == new_key(keyed)
    assert signal.getsignal(signal.SIGINT) is before
