"""Which names each output gives to addresses: the one place that decides who sees an mrn.

On a person's own terminal, and with --show-phi, an mrn is an mrn. In pipes, CI and logs it is a pseudonym.
Files that are the person's own (codes, results, letters, what import writes) are not printed, and have mrns.
"""

import secrets
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from os.path import exists
from typing import IO, Any, Final

from kardia_ctl.cli.environment import is_own_terminal
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.render.names import MRNS, Names
from kardia_ctl.render.pseudonyms import Pseudonyms

ONLY_HERE: Final = (
    "Note: no key was found, so the pseudonyms above (patient/~…) are of this output alone. Set "
    "KARDIA_REVIEW_KEY to make them the same everywhere."
)


@dataclass
class _Naming:
    """What is known of one command line: whether mrns are shown everywhere, and the key of pseudonyms."""

    is_asked: bool = False
    is_public: bool = False
    key: Callable[[], bytes] | None = field(default=None, repr=False)
    made: Pseudonyms | None = None
    left: frozenset[str] = frozenset()
    is_random: bool = False
    has_named: bool = False
    has_noted: bool = False

    def pseudonyms(self) -> Names:
        """The pseudonyms of this command: under its key, or under one of this process where there is none."""
        if self.made is None:
            key, self.key = self.key, None  # what looks for the key may print
            found = b""
            if key is not None:
                try:
                    found = key()
                except (KardiaError, OSError):  # reported where the key is needed
                    found = b""
            self.key, self.is_random = key, not found
            self.made = Pseudonyms(found or _PROCESS_KEY, self.left, exists)
        return _Noting(self, self.made) if self.is_random else self.made


@dataclass(frozen=True)
class _Noting:
    """Pseudonyms under a key that nobody has, noting that there were some."""

    naming: _Naming
    names: Pseudonyms

    def shown(self, address: Address) -> str:
        """An address with a pseudonym."""
        return self._noted(str(address), self.names.shown(address))

    def mrn(self, mrn: str) -> str:
        """The pseudonym of an mrn."""
        return self._noted(mrn, self.names.mrn(mrn))

    def text(self, text: str) -> str:
        """A text with pseudonyms."""
        return self._noted(text, self.names.text(text))

    def _noted(self, before: str, after: str) -> str:
        self.naming.has_named |= before != after
        return after


_PROCESS_KEY: Final = secrets.token_bytes(32)
_now = _Naming()


def begin() -> None:
    """Begin a command line: nothing is known of its keys and options yet."""
    global _now  # noqa: PLW0603  (one command line at a time)
    _now = _Naming()


def key_from(key: Callable[[], bytes], *, is_guess: bool = False) -> None:
    """Say where the key of pseudonyms comes from; it is looked for when a pseudonym is needed.

    ``is_guess``: it is what is at hand before the workspace is open, and replaces nothing.
    """
    if not (is_guess and _now.key):
        _now.key, _now.made = key, None


def show_mrns() -> None:
    """Show mrns in whatever is printed: --show-phi was given."""
    _now.is_asked = True


def mrns_are_public() -> None:
    """Show mrns everywhere, files and logs included: the configuration says so."""
    _now.is_public = True


def leave_names(names: Iterable[str]) -> None:
    """Leave names as they are that are pseudonyms already, as those in a saved plan."""
    _now.left, _now.made = _now.left.union(names), None


def are_mrns_public() -> bool:
    """Whether the configuration lets everybody see mrns."""
    return _now.is_public


def shows_mrns(stream: IO[Any]) -> bool:
    """Whether what is printed to a stream shows mrns."""
    return _now.is_asked or _now.is_public or is_own_terminal(stream)


def names_on(stream: IO[Any]) -> Names:
    """How addresses are written on a stream, such as sys.stdout."""
    return MRNS if shows_mrns(stream) else _now.pseudonyms()


def names_for_everybody() -> Names:
    """How addresses are written where anybody may read, such as a page, whatever the terminal shows."""
    return MRNS if _now.is_public else _now.pseudonyms()


@dataclass(frozen=True)
class StdoutNames:
    """The names on stdout, decided at each use: the key may be known later than the options."""

    def shown(self, address: Address) -> str:
        """An address as the reader of stdout may see it."""
        return names_on(sys.stdout).shown(address)

    def mrn(self, mrn: str) -> str:
        """An mrn as the reader of stdout may see it."""
        return names_on(sys.stdout).mrn(mrn)

    def text(self, text: str) -> str:
        """A text as the reader of stdout may see it."""
        return names_on(sys.stdout).text(text)


def named_record(
    record: Mapping[str, Any], *, is_own_file: bool, fields: Iterable[str] = ("mrn",)
) -> dict[str, Any]:
    """A record of the API with its mrn as the reader of stdout may see it; as it is in the person's file.

    ``fields`` are those that hold an mrn.
    """
    named = dict(record)
    for field_name in () if is_own_file else fields:
        if isinstance(mrn := record.get(field_name), str) and mrn:
            named[field_name] = names_on(sys.stdout).mrn(mrn)
    return named


def keyed(key: bytes) -> Pseudonyms:
    """Pseudonyms under a key; under one of this process where there is none: nobody can guess it."""
    return Pseudonyms(key or _PROCESS_KEY, is_file=exists)


def note() -> str:
    """What to print at a command's end: that pseudonyms were made without a key. Empty the second time."""
    if not _now.has_named or _now.has_noted:
        return ""
    _now.has_noted = True
    return ONLY_HERE
