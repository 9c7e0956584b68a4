"""What stands for an mrn where everybody may read: ``patient/~k3v9q2m7ab``.

A keyed digest of the mrn (HMAC-SHA-256, 50 bits, Crockford's base32), so it is the same for as long as its
key is, and tells nobody without the key who it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import Final
from urllib.parse import quote, unquote

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 10
_SHIFTS: Final = (54, 44, 34, 24, 14)


_PAIRS: Final = tuple(first + second for first in _DIGITS for second in _DIGITS)
"""Two digits for each 10 bits."""


@lru_cache(maxsize=1024)
def pseudonym(key: bytes, mrn: str) -> str:
    """The pseudonym of an mrn under a key. What is printed of one patient names the patient ten times."""
    number = int.from_bytes(digest(key, mrn.encode("utf-8", "surrogatepass"), sha256)[:8])
    return "~" + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


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


_KINDS: Final = tuple(kind for kind in Kind if not kind.is_setting)
_BEGINNINGS: Final = tuple(f"{kind}/" for kind in _KINDS)
_OTHERS: Final = {str(kind): len(kind.facts.names) - 1 for kind in _KINDS}
"""How many names follow the mrn in an address."""

_FORMS: Final = frozenset(kind.form for kind in _KINDS)
"""What messages call an address in general, such as ``patient/MRN``."""

_ADDRESS: Final = re.compile(
    rf"(?:{'|'.join(_KINDS)})(?:/[\w.~%-]*[\w~%-])+(?P<line>:[0-9]+(?::[0-9]+)?(?![\w/~%-]))?"
)
"""An address of a patient or of what a patient owns, as ``str(Address)`` writes it, within a text. A line
number after it shows that it is a file's name."""

_WITHIN: Final = re.compile(r"[\w/.%-]")
"""What stands before something that looks like an address and is the end of a longer name. This is looked at
where something does: a pattern that began with it would be tried at every character, eight times as slow."""

_INNER: Final = re.compile(f"~(?=(?:{'|'.join(_KINDS)})/)")
"""The one character of a name that is not among those: an address may follow it."""

_COLOUR: Final = re.compile(r"\x1b\[\d\d?m\Z")
"""A colour, whose last letter is part of no name."""

_FILE: Final = re.compile(r"\.(?:age|csv|db|html|json|md|ndjson|plan|tfplan|tsv|txt|xlsx|ya?ml)$")
"""The end of a file's name: in the directory patient/ it looks like an address."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Turns addresses into what everybody may read: a ``Names``.

    Attributes:
        key: That of the pseudonyms.
        left: What are pseudonyms already.
        is_file: Whether there is a file of this name: an mrn may end as the name of a file does.
    """

    key: bytes = field(repr=False)
    left: frozenset[str] = frozenset()
    is_file: Callable[[str], bool] = field(default=lambda _: False, repr=False)

    def shown(self, address: Address) -> str:
        """An address with a pseudonym for the mrn; that of a setting as it is."""
        if address.kind.is_setting or not address.names:
            return str(address)
        mrn, *others = address.names
        return "/".join((address.kind.value, self.mrn(mrn), *(quote(name, safe="") for name in others)))

    def mrn(self, mrn: str) -> str:
        """The pseudonym of an mrn."""
        return mrn if mrn in self.left else pseudonym(self.key, mrn)

    def text(self, text: str) -> str:
        """A text with a pseudonym for the mrn of every address in it.

        What has a pseudonym's form already stays as it is, so a text may pass more than once. Names of files
        stay too.
        """
        if "/" not in text or not any(beginning in text for beginning in _BEGINNINGS):
            return text
        return _ADDRESS.sub(self._found, text)

    def _found(self, match: re.Match[str]) -> str:
        found = match[0]
        if _is_within(match):
            inner = _INNER.search(found)
            start = inner.end() if inner else len(found)
            return found[:start] + _ADDRESS.sub(self._found, found[start:])
        if match["line"] or found in _FORMS or (_FILE.search(found) and self.is_file(found)):
            return found
        kind, mrn, *others = found.split("/")
        if may_be_pseudonym(mrn):
            return found
        try:
            mrn = unquote(mrn, errors="strict") if "%" in mrn else mrn
        except ValueError:
            mrn = ""
        if not mrn or len(others) != _OTHERS[kind] or not all(others):
            return f"{kind}/…"
        return "/".join((kind, pseudonym(self.key, mrn), *others))


def _is_within(match: re.Match[str]) -> bool:
    """Whether what looks like an address is the end of a longer name."""
    text, start = match.string, match.start()
    return _WITHIN.match(text, max(start - 1, 0), start) is not None and not _COLOUR.search(
        text[max(start - 5, 0) : start]
    )


_ANYWHERE: Final = re.compile(
    rf"(?P<address>(?<![\w/.%-])(?:{'|'.join(_KINDS)})/)?(?P<name>~[{_DIGITS}]{{{_LENGTH}}})(?![{_DIGITS}])"
)
"""A pseudonym within a text, at the beginning of an address or alone."""


@dataclass(frozen=True, slots=True)
class RealNames:
    """Turns pseudonyms back into the mrns that are known: what ``reveal`` does. Others stay as they are."""

    mrns: Mapping[str, str] = field(repr=False)

    def name(self, name: str) -> str:
        """The mrn that a pseudonym stands for."""
        return self.mrns.get(name, name)

    def text(self, text: str) -> str:
        """A text with mrns for its pseudonyms, percent-encoded within addresses."""
        return _ANYWHERE.sub(self._real, text)

    def _real(self, match: re.Match[str]) -> str:
        mrn = self.mrns.get(match["name"])
        if mrn is None:
            return match[0]
        return f"{match['address']}{quote(mrn, safe='')}" if match["address"] else mrn


def pseudonyms_in(text: str) -> set[str]:
    """What has the form of a pseudonym in a text."""
    return {match["name"] for match in _ANYWHERE.finditer(text)}


def mrns_by_pseudonym(mrns: Iterable[str], key: bytes) -> dict[str, str]:
    """The mrns by their pseudonyms."""
    return {pseudonym(key, mrn): mrn for mrn in mrns}
