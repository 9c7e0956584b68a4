"""What encrypts a state, from the library ``cryptography``: AES-SIV for texts, AES-GCM for whole contents.

A text is sealed deterministically (RFC 5297), because a row is found by its sealed key. Its column and the
key of its row are associated data: in another place it does not open.
"""

import os
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice, repeat
from typing import Any, Final

from kardia_ctl.model.errors import StateError

KEY_SIZE: Final = 32
"""Bytes of a key."""

_AT_ONCE: Final = 1000
"""Rows that are opened together."""

_NONCE: Final = 12
"""Bytes of a nonce of AES-GCM (NIST SP 800-38D, 5.2.1.1)."""

_REPEATED: Final = frozenset({"record.label"})
"""Columns whose texts repeat in many rows: cohorts and names of templates. They are bound to their column
alone, so that each text is opened once.
"""


class NotOpened(Exception):  # noqa: N818  (its callers say what that means)
    """A content was not encrypted with this key, or has changed."""


def derived(secret: bytes, salt: bytes, purpose: bytes, size: int = KEY_SIZE) -> bytes:
    """A key of ``size`` bytes for one purpose, by HKDF-SHA-256 (RFC 5869).

    Raises:
        StateError: the library is missing, here and wherever else this module needs it.
    """
    with _library():
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    return HKDF(SHA256(), size, salt, purpose).derive(secret)


def encrypted(key: bytes, content: bytes, bound: bytes) -> bytes:
    """A content encrypted with AES-256-GCM, after its random nonce; ``bound`` must be given to open it."""
    with _library():
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, bound)


def decrypted(key: bytes, content: bytes, bound: bytes) -> bytes:
    """What ``encrypted`` was given.

    Raises:
        NotOpened: the key or ``bound`` is another one, or the content was changed or cut.
    """
    with _library():
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    try:
        return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], bound)
    except (InvalidTag, ValueError) as error:
        raise NotOpened from error


class SivSealer:
    """The ``Sealer`` of an encrypted state: AES-SIV, stored as base64. ``key`` has 64 bytes."""

    def __init__(self, key: bytes) -> None:
        with _library():
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV
        siv = AESSIV(key)
        self._encrypt, self._decrypt = siv.encrypt, siv.decrypt
        self._refused = InvalidTag, ValueError, TypeError, AttributeError
        self._sealed: dict[tuple[str, str], str] = {}
        self._opened: dict[tuple[str, str], str] = {}

    def seal(self, column: str, text: str, row: str = "") -> str:
        """The text as it is stored; an empty one stays empty."""
        if not text:
            return ""
        if column not in _REPEATED:
            return self._seal(text, f"{column}\0{row}")
        known = self._sealed.get((column, text))
        if known is None:
            known = self._sealed[column, text] = self._seal(text, f"{column}\0")
        return known

    def open_rows(
        self, rows: Iterable[tuple[Any, ...]], columns: Sequence[str], row: int | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Rows with their texts opened: some 5 µs a text, nearly all of it in the library."""
        remaining = iter(rows)
        while some := list(islice(remaining, _AT_ONCE)):
            try:
                opened = list(self._opened_columns(list(zip(*some, strict=True)), columns, row))
            except self._refused as error:
                raise damaged("a value was not written with its key, or moved to another place") from error
            yield from zip(*opened, strict=True)

    def _opened_columns(
        self, stored: Sequence[tuple[Any, ...]], columns: Sequence[str], row: int | None
    ) -> Iterator[Iterable[Any]]:
        """Columns of values with their texts opened: a loop for each is faster than one over rows."""
        unbound = len(columns) if row is None else row
        for place, (column, values) in enumerate(zip(columns, stored, strict=True)):
            if not column:
                yield values
            elif column in _REPEATED:
                yield [self._known(text, column) if text else "" for text in values]
            else:
                keys = repeat("") if row is None or place <= unbound else stored[row]
                yield self._opened_texts(values, f"{column}\0".encode(), keys)

    def _opened_texts(self, values: Iterable[Any], column: bytes, keys: Iterable[str]) -> list[str]:
        decrypt, decoded = self._decrypt, partial(a2b_base64, strict_mode=True)
        return [
            decrypt(decoded(text), [column + key.encode()]).decode() if text else ""
            for text, key in zip(values, keys, strict=False)
        ]

    def _seal(self, text: str, bound: str) -> str:
        return b2a_base64(self._encrypt(text.encode(), [bound.encode()]), newline=False).decode()

    def _known(self, text: str, column: str) -> str:
        known = self._opened.get((column, text))
        if known is None:
            (known,) = self._opened_texts([text], f"{column}\0".encode(), [""])
            self._opened[column, text] = known
        return known


def damaged(reason: str) -> StateError:
    """The error for an encrypted state that does not open although its key is right."""
    return StateError(
        f"the state is damaged or was changed: {reason}. Nothing was compared, nothing was sent. Next: "
        "restore it from a copy, or move it away and apply with --settle-first: patients are matched again "
        "by mrn"
    )


@contextmanager
def _library() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise StateError(
            "the state is to be encrypted or decrypted, and the library for it is missing. "
            "Next: pip install 'kardia-ctl[encryption]'"
        ) from error
