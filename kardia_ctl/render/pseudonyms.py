"""What stands for an mrn where everybody may read: ``patient/~k3v9q2m7ab``.

A keyed digest of the mrn (HMAC-SHA-256, 50 bits, Crockford's base32), so it is the same for as long as its
key is, and tells nobody without the key who it is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 10
_BITS: Final = 5


def pseudonym(key: bytes, mrn: str) -> str:
    """The pseudonym of an mrn under a key."""
    number = int.from_bytes(digest(key, mrn.encode("utf-8", "surrogatepass"), sha256)[:8])
    shifts = range(64 - _BITS, 64 - _BITS * (_LENGTH + 1), -_BITS)
    return "~" + "".join(_DIGITS[number >> shift & 31] for shift in shifts)


_FORM: Final = re.compile(f"~[{_DIGITS}]{{{_LENGTH}}}")


def may_be_pseudonym(text: str) -> bool:
    """Whether a text has the form of a pseudonym; an mrn may have it too."""
    return _FORM.fullmatch(text) is not None


def meant(texts: Iterable[str], mrns: Iterable[str], key: bytes) -> dict[str, str]:
    """The mrns that pseudonyms stand for, as far as they are among ``mrns``; an mrn stands for itself."""
    known = set(mrns)
    wanted = {text for text in texts if may_be_pseudonym(text) and text not in known}
    if not wanted:
        return {}
    return {found: mrn for mrn in known if (found := pseudonym(key, mrn)) in wanted}


_ADDRESS: Final = re.compile(
    rf"(?<![\w/.%-])(?:{'|'.join(kind for kind in Kind if not kind.is_setting)})(?:/[\w.~%-]*[\w~%-])+"
)
"""An address of a patient or of what a patient owns, as ``str(Address)`` writes it, within a text."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Turns addresses into what everybody may read: a ``Names``."""

    key: bytes = field(repr=False)

    def shown(self, address: Address) -> str:
        """An address with a pseudonym for the mrn; that of a setting as it is."""
        if address.kind.is_setting or not address.names:
            return str(address)
        mrn, *others = address.names
        return "/".join((address.kind.value, pseudonym(self.key, mrn), *others))

    def mrn(self, mrn: str) -> str:
        """The pseudonym of an mrn."""
        return pseudonym(self.key, mrn)

    def text(self, text: str) -> str:
        """A text with a pseudonym for the mrn of every address in it."""
        return _ADDRESS.sub(self._found, text)

    def _found(self, match: re.Match[str]) -> str:
        try:
            return self.shown(Address.parse(match[0]))
        except ValueError:
            return match[0].partition("/")[0] + "/…"
