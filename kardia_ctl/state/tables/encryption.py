"""How a state is encrypted: its header, and the key that opens it.

The header stands in the table ``meta``. It holds a random data key and the secret of the state's
fingerprints, encrypted with a key that HKDF makes of the root key (KARDIA_STATE_ENCRYPTION_KEY). So another
root key needs a new header alone, and no fingerprint ever changes.

What an engine has to do (``sqlite.sqlite_store`` is the model):

1. Keep one ``Encryption(root key, place)``.
2. When a run opens the state for writing, in a transaction, before it marks the state as its own:
   ``created(database)``. The sealer of the ``Tables`` that it returns is valid until the lock is released or
   the whole content is replaced: a commit need not read the header again.
3. For every read outside of a run: ``tables(database)``, in the transaction that reads.
4. In ``replace``, after the content was put in place and in its transaction: ``created(database)`` again.
5. ``fingerprint_secret(database)`` where the port asks for it.
"""

import os
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.tables.ciphers import (
    KEY_SIZE,
    NotOpened,
    SivSealer,
    damaged,
    decrypted,
    derived,
    encrypted,
)
from kardia_ctl.state.tables.dialect import Database
from kardia_ctl.state.tables.sealer import PLAIN, Sealer
from kardia_ctl.state.tables.tables import Tables

VARIABLE: Final = "KARDIA_STATE_ENCRYPTION_KEY"
"""Where a person gives the root key; messages name it."""

_VERSION: Final = "1"
_SALT: Final = 16
_CHECK: Final = 8
"""Bytes that tell another root key from a damaged header."""

_READ: Final = "SELECT value FROM meta WHERE key = 'encryption'"
_WRITE: Final = """INSERT INTO meta VALUES ('encryption', ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value"""
_REMOVE: Final = "DELETE FROM meta WHERE key = 'encryption'"
_SEALED_TABLES: Final = ("record", "intent", "note", "departure", "sample", "decision")
_NOTHING: Final = "Nothing was compared, nothing was sent. Next:"
_LOST: Final = (
    "If it is lost for good, move the state away and apply with --settle-first: patients are matched again "
    "by mrn"
)


@dataclass(frozen=True, slots=True)
class StateKeys:
    """What the header of an encrypted state holds.

    Attributes:
        data: Of this key those that encrypt are derived, each for its purpose.
        fingerprints: The secret of the state's fingerprints, as KARDIA_STATE_KEY would give it.
    """

    data: bytes = field(repr=False)
    fingerprints: bytes = field(repr=False)

    @classmethod
    def random(cls, fingerprints: bytes = b"") -> "StateKeys":
        """New keys; the secret of fingerprints is random too unless it is given."""
        return cls(os.urandom(KEY_SIZE), fingerprints or os.urandom(KEY_SIZE))

    def derived(self, purpose: str, size: int = KEY_SIZE) -> bytes:
        """A key of ``size`` bytes for one purpose."""
        return derived(self.data, b"", f"kardia-ctl state {purpose}".encode(), size)

    def sealer(self) -> Sealer:
        """What seals the texts of the rows."""
        return SivSealer(self.derived("rows", 2 * KEY_SIZE))

    def header(self, root: bytes) -> str:
        """The header: these keys, encrypted under a root key."""
        salt = os.urandom(_SALT)
        key, check = _wrapping(root, salt)
        wrapped = encrypted(key, self.data + self.fingerprints, _VERSION.encode() + salt)
        return f"{_VERSION}:{b2a_base64(salt + check + wrapped, newline=False).decode()}"


class Encryption:
    """How the state at ``place`` is encrypted; ``root`` is the root key, empty when none is given."""

    def __init__(self, root: bytes, place: str) -> None:
        self._root = root
        self._place = place
        self._header = ""
        self._keys: StateKeys | None = None
        self._sealer = PLAIN

    def __repr__(self) -> str:
        return f"Encryption({self._place!r})"

    def tables(self, database: Database) -> Tables:
        """The tables of an open state, to read it.

        Raises:
            StateError: it is encrypted and the root key is another one or missing; or it is not, and there is
                a root key.
        """
        header = header_of(database)
        if header:
            self._open(header)
        elif self._root and _holds_texts(database):
            raise StateError(
                f"the state {self._place} is not encrypted, and {VARIABLE} is set. {_NOTHING} encrypt it "
                "with kardia-ctl state rekey, or remove the variable"
            )
        else:
            self._keys, self._header, self._sealer = None, "", PLAIN
        return Tables(database, self._sealer)

    def created(self, database: Database) -> Tables:
        """As ``tables``, inside a transaction that writes.

        A state in which nothing is recorded yet becomes an encrypted one when there is a root key.
        """
        found = self.tables(database)
        if not self._root or self._header:
            return found
        write_header(database, StateKeys.random().header(self._root))
        return self.tables(database)

    def keys(self, database: Database) -> StateKeys | None:
        """The keys of an open state; None when it is not encrypted. Raises as ``tables``."""
        self.tables(database)
        return self._keys

    def fingerprint_secret(self, database: Database) -> bytes:
        """The secret of the fingerprints of an encrypted state; empty for another. Raises as ``tables``."""
        keys = self.keys(database)
        return keys.fingerprints if keys else b""

    def _open(self, header: str) -> None:
        if header != self._header:
            self._keys = self._opened(header)
            self._header, self._sealer = header, self._keys.sealer()

    def _opened(self, header: str) -> StateKeys:
        version, _, text = header.partition(":")
        if not self._root:
            raise StateError(
                f"the state {self._place} is encrypted, and {VARIABLE} is not set. {_NOTHING} set it to the "
                f"key that the state was encrypted with. {_LOST}"
            )
        if version != _VERSION:
            raise StateError(
                f"the state {self._place} was encrypted by a newer kardia-ctl. Next: install that version "
                "or a later one"
            )
        try:
            content = a2b_base64(text, strict_mode=True)
        except ValueError as error:
            raise damaged("its header cannot be read") from error
        return self._unwrapped(content)

    def _unwrapped(self, content: bytes) -> StateKeys:
        salt, check = content[:_SALT], content[_SALT : _SALT + _CHECK]
        key, expected = _wrapping(self._root, salt)
        if check != expected:
            raise StateError(
                f"the state {self._place} is encrypted with another key than the one in {VARIABLE}. "
                f"{_NOTHING} put that key back (the new one, if it was changed). "
                f"{_LOST}"
            )
        try:
            secrets = decrypted(key, content[_SALT + _CHECK :], _VERSION.encode() + salt)
        except NotOpened as error:
            raise damaged("its header does not open") from error
        return StateKeys(secrets[:KEY_SIZE], secrets[KEY_SIZE:])


def header_of(database: Database) -> str:
    """The header of an open state; empty when it is not encrypted."""
    row = database.execute(_READ).fetchone()
    return str(row[0]) if row else ""


def write_header(database: Database, header: str) -> None:
    """Write the header inside a transaction; an empty one is removed."""
    database.execute(_WRITE, (header,)) if header else database.execute(_REMOVE)


def _wrapping(root: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """The key that encrypts a header, and the check value of the root key."""
    made = derived(root, salt, b"kardia-ctl state header", KEY_SIZE + _CHECK)
    return made[:KEY_SIZE], made[KEY_SIZE:]


def _holds_texts(database: Database) -> bool:
    return any(
        database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608  (names of our own)
        for table in _SEALED_TABLES
    )
