"""Who might be whom, when a server stores what it was sent otherwise: trimmed, cut, upper-cased, as a number.

Exact comparison decides who is who. This decides only of whom it cannot be excluded.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from unicodedata import normalize

from kardia_ctl.fingerprints import FINGERPRINT_SIZE, MISSING, fingerprint
from kardia_ctl.kinds.birth_date import days, says_a_day, valid_days
from kardia_ctl.kinds.folding import plain, words_of
from kardia_ctl.model.patient import DesiredPatient, LivePatient

_ZEROS: Final = re.compile(r"(?<!\d)0+(?=\d)")
_EXPONENT: Final = re.compile(r"\s*[+-]?\d+([.,]\d+)?[eE][+-]?\d+\s*")
_ADDRESS: Final = re.compile(r"[^@*\u2022\u2026]*@[^*\u2022\u2026]*")
"""An e-mail address of which nothing is hidden."""
_FEWEST: Final = 3
"""Characters of the shortest text that counts as the rest of a cut one: many an mrn begins with a 1."""


def fold(text: str) -> str:
    """A text without what a server may change: case, accents, Unicode form, blanks, marks, leading zeros."""
    return _ZEROS.sub("", plain(text))


def _words(name: str) -> str:
    """The words of a name, in whatever order."""
    return " ".join(sorted(filter(None, map(plain, words_of(name)))))


def _tagless(email: str) -> str:
    """An e-mail address without the tag of its mailbox: ``a+tag@`` is ``a@``."""
    local, at, domain = email.partition("@")
    return local.partition("+")[0] + at + domain


def _number(text: str) -> str:
    """The digits of a number that is written as one, ``12.0`` or ``1.2E+4``; empty for any other text."""
    try:
        value = Decimal(normalize("NFKC", text).strip())
    except InvalidOperation:
        return ""
    return f"{value:.0f}" if value.is_finite() and abs(value.adjusted()) < 400 else ""


def _rounded(text: str) -> str:
    """A number of more digits than a float holds, as a float rounds it; empty for any other text."""
    digits = _number(text)
    return f"{float(digits)!r}" if len(digits) > 15 else ""


PERSON_SIZE: Final = 3 * FINGERPRINT_SIZE
"""The bytes of ``fingerprints_of_person``."""


def fingerprints_of_person(key: bytes, dob: str, firstname: str, lastname: str, email: str) -> bytes:
    """Keyed fingerprints of a person, for any mrn: of each two of birth date, name and e-mail address.

    So a person is known again when one of them was corrected with the mrn. A fingerprint is ``MISSING`` where
    a part of it is not known; all are empty without a key.
    """
    if not key:
        return b""
    name, address = _words(f"{firstname} {lastname}"), plain(_tagless(email))
    pairs = (("dob name", dob, name), ("dob email", dob, address), ("name email", name, address))
    return b"".join(
        fingerprint(key, "", which, f"{one}\0{other}") if one and other else MISSING
        for which, one, other in pairs
    )


def may_be_one(one: bytes, other: bytes) -> bool:
    """Whether two results of ``fingerprints_of_person`` share one of their fingerprints."""
    places = range(0, min(len(one), len(other)), FINGERPRINT_SIZE)
    parts = (
        (one[place : place + FINGERPRINT_SIZE], other[place : place + FINGERPRINT_SIZE]) for place in places
    )
    return any(first == second != MISSING for first, second in parts)


class Lookalikes:
    """Live patients, looked up by whom they might be."""

    def __init__(self, everyone: Iterable[LivePatient]) -> None:
        self._by: dict[tuple[str, object], list[LivePatient]] = {}
        self._exponents: list[LivePatient] = []
        for live in everyone:
            name = f"{live.firstname or ''} {live.lastname or ''}"
            for key in _keys(live.mrn, live.email or "", days(live.dob or ""), name):
                self._by.setdefault(key, []).append(live)
            if _EXPONENT.fullmatch(live.mrn):
                self._exponents.append(live)
            if not (_ADDRESS.fullmatch(live.email or "") or says_a_day(live.dob or "")):
                # Its mrn and name alone do not say that it is somebody else.
                self._by.setdefault(("nothing", ""), []).append(live)
        self._ends = {name: sorted(_ends(self._by, name)) for name in ("plain", "email")}

    def of(self, want: DesiredPatient) -> list[tuple[LivePatient, tuple[str, ...]]]:
        """Whom a declared patient might be, by id, each with the attributes that are alike.

        There are none when what Kardia shows of somebody does not suffice to tell them apart.
        """
        found: dict[str, tuple[LivePatient, set[str]]] = {}
        for name, live in self._alike(want):
            found.setdefault(live.id, (live, set()))[1].add(name)
        return [
            (live, tuple(name for name in ("mrn", "dob", "email", "lastname") if name in names))
            for _, (live, names) in sorted(found.items())
        ]

    def _alike(self, want: DesiredPatient) -> Iterator[tuple[str, LivePatient]]:
        name = f"{want.firstname} {want.lastname}"
        for key in (*_keys(want.mrn, want.email, _near(want.dob), name), ("nothing", "")):
            yield from ((_NAMES[key[0]], live) for live in self._by.get(key, ()))
        for name, value in (("plain", want.mrn), ("email", want.email)):
            for cut in self._cut(name, plain(value)):
                yield from ((_NAMES[name], live) for live in self._by[name, cut])
        digits = _number(want.mrn)
        for live in self._exponents:
            mantissa = re.sub(r"\D", "", live.mrn.casefold().partition("e")[0])
            if digits and f"{Decimal(digits):.{max(0, len(mantissa) - 1)}e}" == _scientific(
                live.mrn, mantissa
            ):
                yield "mrn", live

    def _cut(self, name: str, whole: str) -> Iterator[str]:
        """The folded texts that ``whole`` was cut from, or that were cut from it."""
        for size in range(_FEWEST, len(whole)):
            for part in {whole[:size], whole[-size:]}:
                if (name, part) in self._by:
                    yield part
        if len(whole) >= _FEWEST:
            for end, backwards in ((f">{whole}", False), (f"<{whole[::-1]}", True)):
                ends = self._ends[name]
                for place in range(bisect_left(ends, end), len(ends)):
                    if not ends[place].startswith(end):
                        break
                    text = ends[place][1:]
                    if len(text) > len(whole):
                        yield text[::-1] if backwards else text


_NAMES: Final = {
    "mrn": "mrn",
    "plain": "mrn",
    "number": "mrn",
    "rounded": "mrn",
    "email": "email",
    "day": "dob",
    "name": "lastname",
    "nothing": "",
}


def _scientific(mrn: str, mantissa: str) -> str:
    return f"{Decimal(mrn.strip().replace(',', '.')):.{max(0, len(mantissa) - 1)}e}"


def _near(dob: str) -> frozenset[date]:
    """The day that was sent, those beside it (another time zone), and it with day and month exchanged."""
    near = set(days(dob))
    for day in days(dob):
        near |= {day + timedelta(days=step) for step in (-1, 1) if date.min < day < date.max}
        near |= set(valid_days((day.year, day.day, day.month)))
    return frozenset(near)


def _keys(mrn: str, email: str, dob: Iterable[date], name: str) -> Iterator[tuple[str, object]]:
    """What two patients share of whom one might be the other; of a name, its words in any order."""
    texts = (
        ("mrn", fold(mrn)),
        ("number", fold(_number(mrn))),
        ("rounded", _rounded(mrn)),
        ("email", plain(email)),
        ("email", plain(_tagless(email))),
        ("plain", plain(mrn)),
        ("name", _words(name)),
    )
    yield from ((name, text) for name, text in texts if text)
    yield from (("day", day) for day in dob)


def _ends(by: Iterable[tuple[str, object]], name: str) -> Iterator[str]:
    """The folded texts of an attribute, forwards and backwards, so that a sorted list finds cut ones."""
    for key, text in by:
        if key == name:
            yield f">{text}"
            yield f"<{str(text)[::-1]}"
