"""Where keys come from: the API key, the key of state's fingerprints, the key of saved plans."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.environment import EMPTY, given, unquoted
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.state.files import make_directories

SIZE: Final = 32
SHORTEST: Final = 16
"""The fewest characters of a key. Shorter ones are guessed, or are what is left of a copied one."""
_LARGEST: Final = 65_536
"""Bytes of a key's file that are read."""


def stored_key(endpoint: str, workspace: str) -> Callable[[], str]:
    """A function that looks the key up in the keyring: only when it is called is the slow library loaded."""

    def look_up() -> str:
        from kardia_ctl.cli.account.keyring import find_key

        return find_key(endpoint, workspace)

    return look_up


def api_key(account: AccountOptions, environ: Mapping[str, str], stored: Callable[[], str] = str) -> str:
    """The key of the account, as ``api_key_and_place`` finds it."""
    return api_key_and_place(account, environ, stored)[0]


def api_key_and_place(
    account: AccountOptions, environ: Mapping[str, str], stored: Callable[[], str] = str
) -> tuple[str, str]:
    """The key of the account and where it was: --api-key-file, KARDIA_API_KEY, else the keyring (``stored``).

    Raises:
        RunStopped: there is none, or it cannot be a key.
    """
    if account.sandbox:
        from kardia_ctl.sandbox.data.invented import API_KEY

        return str(API_KEY), ""
    if account.api_key_file is not None:
        source = str(account.api_key_file)
        key = unquoted(_read(account.api_key_file).decode("utf-8", "replace"), source)
    elif key := given(environ, "KARDIA_API_KEY"):
        source = "KARDIA_API_KEY"
    else:
        key, source = stored().strip(), "the keyring"
    if not key:
        raise RunStopped(_no_key(account, environ))
    if not key.isascii() or not key.isprintable() or ":" in key:
        raise RunStopped(f"the API key in {source} contains characters that no key has: copy it again")
    check_api_key(key, f"the API key in {source}", "Copy it again, whole")
    return key, source


def _no_key(account: AccountOptions, environ: Mapping[str, str]) -> str:
    if account.api_key_file is not None:
        return f"no API key: {account.api_key_file} is empty"
    if "KARDIA_API_KEY" in environ:
        return f"no API key: {EMPTY.format('KARDIA_API_KEY')}"
    return (
        "no API key: set KARDIA_API_KEY, name a file with --api-key-file, or store one with kardia-ctl "
        "login. To try kardia-ctl without an account: --sandbox"
    )


def check_api_key(key: str, what: str, remedy: str) -> None:
    """As ``check_length``, but for the sandbox's documented key, which is no secret."""
    from kardia_ctl.sandbox.data.invented import API_KEY

    if key != API_KEY:
        check_length(key, what, remedy)


def check_length(key: str | bytes, what: str, remedy: str) -> None:
    """Refuse a key that is too short.

    Raises:
        RunStopped: it is. The message names where it comes from (``what``), never the key.
    """
    if len(key) < SHORTEST:
        raise RunStopped(f"{what} is shorter than {SHORTEST} characters. {remedy}")


def key_in(path: Path) -> bytes:
    """The key in a file, as it would stand in a variable.

    Raises:
        RunStopped: the file cannot be read, or the key is too short or has quotes around it.
    """
    key = unquoted(_read(path).decode("utf-8", "replace"), str(path))
    check_length(key, f"the key in {path}", "Make one with: openssl rand -hex 32")
    return key.encode()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:  # it may be a device that never ends
            return stream.read(_LARGEST)
    except OSError as error:
        if len(str(path)) >= SHORTEST and not {"/", "\\", "."} & set(str(path)):
            raise RunStopped(
                "a file that should hold a key cannot be read. Its name is not repeated here: it looks like "
                "a key itself. Name the file that holds the key"
            ) from None
        raise RunStopped(f"{path}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that belong to a configuration. Its state holds none but, encrypted, that of fingerprints.

    ``directory`` is the ``.kardia`` directory; ``secret`` the API key, and ``place`` where it was found.
    ``stored`` reads the secret of the fingerprints that an encrypted state holds, ``sealed`` the key that is
    encrypted in a file.
    """

    directory: Path
    environ: Mapping[str, str] = field(repr=False)
    secret: str = field(default="", repr=False)
    place: str = ""
    stored: Callable[[], bytes] = field(default=bytes, repr=False)
    sealed: Callable[[], bytes] = field(default=bytes, repr=False)

    def encryption(self) -> bytes:
        """The root key of the state's encryption: KARDIA_STATE_ENCRYPTION_KEY, else the sealed one, if any.

        Raises:
            RunStopped: the key is too short or has quotes around it, or the sealed one cannot be opened.
        """
        return self._given("KARDIA_STATE_ENCRYPTION_KEY").encode() or self.sealed()

    def fingerprints(self, *, create: bool = False) -> bytes:
        """The key of state's fingerprints: the one in an encrypted state, else ``own_fingerprints``.

        Raises:
            RunStopped: the key is too short, or cannot be read or written.
            StateError: the state is encrypted with another key.
        """
        kept = self.stored() if self.encryption() else b""
        return _derived(kept, b"state") or self.own_fingerprints(create=create)

    def own_fingerprints(self, *, create: bool = False) -> bytes:
        """The key of fingerprints that lies outside of the state; empty when there is none.

        ``create`` makes .kardia/key (0600) if it is missing: apply does, plan does not.

        Raises:
            RunStopped: the key is too short, or cannot be read or written.
        """
        missing = create and not self._given("KARDIA_STATE_KEY") and not self.key_file.exists()
        return _derived(_created(self.key_file) if missing else self.own_secret(), b"state")

    def own_secret(self) -> bytes:
        """What ``own_fingerprints`` is derived from: KARDIA_STATE_KEY, or .kardia/key; empty without one.

        Raises:
            RunStopped: it is too short, or cannot be read.
        """
        if text := self._given("KARDIA_STATE_KEY"):
            return text.encode()
        found = _read(self.key_file) if self.key_file.exists() else b""
        if found:
            check_length(found, f"the key in {self.key_file}", "Restore it from a copy")
        return found

    @property
    def key_file(self) -> Path:
        """The file of the workspace's key."""
        return self.directory / "key"

    def source(self) -> str:
        """Where the key of state's fingerprints is looked for."""
        return "KARDIA_STATE_KEY" if self._given("KARDIA_STATE_KEY") else str(self.key_file)

    def plans(self, source: str = "") -> tuple[bytes, str]:
        """The key that seals plans, and the name of its source; both empty when there is no key.

        KARDIA_PLAN_KEY, else the workspace's key, else one derived from the API key, so that two runners
        agree without a shared disk. ``source`` selects the key of that source, empty if it is missing.

        Raises:
            RunStopped: one of them is too short.
        """
        found = {
            "plan-key": _derived(self._given("KARDIA_PLAN_KEY").encode(), b"plan"),
            "workspace": _derived(self.fingerprints(), b"plan"),
            "api-key": _derived(self.secret.encode(), b"plan"),
        }
        if source:
            return found.get(source, b""), source
        return next(((key, name) for name, key in found.items() if key), (b"", ""))

    def review(self, fingerprints: bytes) -> bytes:
        """The key of pseudonyms: KARDIA_REVIEW_KEY, else derived from that of fingerprints, else the API key.

        Raises:
            RunStopped: it is too short.
        """
        given_key = self._given("KARDIA_REVIEW_KEY").encode()
        secret = self.secret or given(self.environ, "KARDIA_API_KEY")  # also where no request is sent
        return _derived(given_key or fingerprints or secret.encode(), b"review")

    def digests(self, endpoint: str, workspace: str) -> bytes:
        """The key of plans' digests, for one workspace of one account: derived from that of pseudonyms.

        It is asked for before an apply makes a key of fingerprints: a plan that was made when there was none
        has the digest that its apply expects. Empty when there is no key at all.

        Raises:
            RunStopped: as ``review``.
        """
        place = f"\0{endpoint}\0{workspace}".encode("utf-8", "surrogatepass")
        key = self.review(self.fingerprints())
        return _derived(key + place, b"digest") if key else b""

    def _given(self, name: str) -> str:
        """A key from the environment; empty when it is not set.

        Raises:
            RunStopped: it is too short, or has quotes around it.
        """
        key = given(self.environ, name)
        if key:
            check_length(key, name, "Make one with: openssl rand -hex 32")
        return key


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return blake2b(secret, digest_size=SIZE, person=b"kardia-" + purpose).digest() if secret else b""


def _created(path: Path) -> bytes:
    """A new key, written to its file whole or not at all: nothing would detect half a key."""
    make_directories(path.parent)
    write_private(path, os.urandom(SIZE))
    return _read(path)
