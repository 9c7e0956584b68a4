"""Encrypts a state, gives it another key, or decrypts it: its content and the snapshots beside it."""

from dataclasses import dataclass

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.snapshots import packed, unpacked
from kardia_ctl.state.state_store import StateStore
from kardia_ctl.state.tables.encryption import Encryption, StateKeys, header_of
from kardia_ctl.state.tables.image import opened
from kardia_ctl.state.tables.resealing import keys_apart, resealed


@dataclass(frozen=True, slots=True)
class Rekeying:
    """What a state is to be encrypted with.

    Attributes:
        present: The root key that it has; empty for a state that is not encrypted.
        root: The root key that it will have; empty for one that is not encrypted.
        fingerprints: The secret of its fingerprints, for a state that is not encrypted yet.
    """

    present: bytes
    root: bytes
    fingerprints: bytes = b""


@dataclass(frozen=True, slots=True)
class _Target:
    """The keys that everything gets, and the header that holds them; empty without encryption."""

    change: Rekeying
    keys: StateKeys
    header: str


def is_encrypted(image: bytes) -> bool:
    """Whether a state is encrypted. Raises ``StateError`` when it is none."""
    with opened(image) as database:
        return bool(header_of(database))


def keyed_apart(store: StateStore, change: Rekeying, check: bytes) -> list[str]:
    """The workspaces of a state whose fingerprints were made with another key than that of ``check``."""
    with opened(store.image()) as database:
        return keys_apart(Encryption(change.present, store.place).tables(database), check.hex())


def rekey(store: StateStore, change: Rekeying) -> list[str]:
    """Seal a state and its snapshots anew, while its lock is held.

    Snapshots first: when it is interrupted, the state still has its present key, and the same command goes
    on. The state follows whole or not at all. What its storage held before is then removed.

    Returns:
        The snapshots that open with neither key and stay as they are.

    Raises:
        StateError: the state does not open with its present key, or cannot be written.
    """
    image, present = store.image(), Encryption(change.present, store.place)
    with opened(image) as database:
        secret = present.fingerprint_secret(database) or change.fingerprints
    keys = StateKeys.random(secret)
    target = _Target(change, keys, keys.header(change.root) if change.root else "")
    image = resealed(image, present, keys, target.header)
    kept = [name for name in store.archive.names() if not _is_resealed(store, name, target)]
    store.replace(image, Encryption(change.root, store.place))
    store.erase()
    return kept


def _is_resealed(store: StateStore, name: str, target: _Target) -> bool:
    """Whether a snapshot has the new keys; the state's own, so that the state can be put back to it."""
    stored = store.archive.read(name)
    try:
        content = _content(unpacked(stored, name), name, target)
    except StateError:
        return False
    store.archive.write(name, packed(content))
    return True


def _content(image: bytes, name: str, target: _Target) -> bytes:
    change = target.change
    present = change.present if is_encrypted(image) else b""
    try:
        return resealed(image, Encryption(present, name), target.keys, target.header)
    except StateError:  # an earlier attempt that was interrupted has given it the new root key
        return resealed(image, Encryption(change.root, name), target.keys, target.header)
