"""Keys that are made for one run of the tests, and files that are encrypted with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyrage

from kardia_ctl.config import load
from kardia_ctl.config.encryption.plain_texts import Unlocking
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration


@dataclass(frozen=True)
class Keys:
    """An identity and its recipient, as age-keygen writes them."""

    identity: str
    recipient: str

    @property
    def text(self) -> str:
        return f"# created: 2026-03-02T10:00:00Z\n# public key: {self.recipient}\n{self.identity}\n"

    def sealed(self, plain: bytes | str, *, armored: bool = True) -> bytes:
        data = plain.encode() if isinstance(plain, str) else plain
        recipient = pyrage.x25519.Recipient.from_str(self.recipient)
        sealed: bytes = pyrage.encrypt(data, [recipient], armored=armored)
        return sealed

    def opened(self, sealed: bytes) -> bytes:
        plain: bytes = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(self.identity)])
        return plain

    @property
    def unlocking(self) -> Unlocking:
        return Unlocking(lambda: [(self.text, "the test's key")])


def new_keys() -> Keys:
    identity = pyrage.x25519.Identity.generate()
    return Keys(str(identity), str(identity.to_public()))


OURS = new_keys()
THEIRS = new_keys()


def loaded(path: Path, keys: Sequence[Keys] = (OURS,), now: Instant | None = None) -> Configuration:
    """The configuration at a path, read with some keys."""
    return load(path, {}, now, unlocking=Unlocking(lambda: [(one.text, "the test's key") for one in keys]))
