"""Where keys come from: the API key, the key of state's fingerprints, the key of saved plans."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from kardia_ctl.cli.options import AccountOptions
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import RunStopped

SIZE: Final = 32


def stored_key(endpoint: str, workspace: str) -> Callable[[], str]:
    """Asks the keyring for a key, when it is asked itself: the library is slow to load."""

    def ask() -> str:
        from kardia_ctl.cli.account.keyring import find_key

        return find_key(endpoint, workspace)

    return ask


def api_key(account: AccountOptions, environ: Mapping[str, str], stored: Callable[[], str] = str) -> str:
    """The key of the account: --api-key-file, KARDIA_API_KEY, else what ``stored`` finds in the keyring.

    Raises:
        RunStopped: there is none; says where it may come from.
    """
    if account.sandbox:
        from kardia_ctl.sandbox.data.invented import API_KEY

        return str(API_KEY)
    if account.api_key_file is not None:
        key = _read(account.api_key_file).decode("utf-8", "replace").strip()
        source = str(account.api_key_file)
    elif key := environ.get("KARDIA_API_KEY", "").strip():
        source = "KARDIA_API_KEY"
    else:
        key, source = stored().strip(), "the keyring"
    if not key:
        raise RunStopped(
            "no API key: set KARDIA_API_KEY, name a file with --api-key-file, or keep one with kardia-ctl "
            "login. To try without an account: --sandbox"
        )
    if not key.isascii() or not key.isprintable() or ":" in key:
        raise RunStopped(f"the API key in {source} holds characters that no key has: copy it again")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()[:65536]
    except OSError as error:
        raise RunStopped(f"{path}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that belong to a configuration. They are never in its state.

    ``directory`` is the ``.kardia`` directory; ``secret`` the API key.
    """

    directory: Path
    environ: Mapping[str, str]
    secret: str = ""

    def fingerprints(self, *, create: bool = False) -> bytes:
        """The key of state's fingerprints: KARDIA_STATE_KEY, or .kardia/key; empty when there is none.

        ``create`` makes .kardia/key (0600) when there is none yet: apply does, plan does not.
        """
        if text := self.environ.get("KARDIA_STATE_KEY"):
            return _derived(text.encode(), b"state")
        path = self.directory / "key"
        if path.exists():
            return _derived(_read(path), b"state")
        return _derived(_created(path), b"state") if create else b""

    def plans(self, source: str = "") -> tuple[bytes, str]:
        """The key that seals plans, and one word for where it is from; both empty when there is none.

        KARDIA_PLAN_KEY, else the workspace's key, else one derived from the API key, so that two runners
        agree without a shared disk. ``source`` asks for the one from there, empty when it is not to be had.
        """
        found = {
            "plan-key": _derived(self.environ.get("KARDIA_PLAN_KEY", "").encode(), b"plan"),
            "workspace": _derived(self.fingerprints(), b"plan"),
            "api-key": _derived(self.secret.encode(), b"plan"),
        }
        if source:
            return found.get(source, b""), source
        return next(((key, name) for name, key in found.items() if key), (b"", ""))


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return blake2b(secret, digest_size=SIZE, person=b"kardia-" + purpose).digest() if secret else b""


def _created(path: Path) -> bytes:
    """A new key in its file. Whole or not at all: half a key, or none in its file, would never be noticed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, os.urandom(SIZE))
    return _read(path)
