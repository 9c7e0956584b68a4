"""Who might be whom, when a server stores what it was sent otherwise: trimmed, cut, upper-cased, as a number.

Exact comparison decides who is who. This decides only of whom it cannot be excluded.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from unicodedata import normalize

from kardia_ctl.kinds.folding import person, plain, words_of
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.state import FINGERPRINT_SIZE, MISSING, fingerprint

_ZEROS: Final = re.compile(r"(?<!\d)0+(?=\d)")
_EXPONENT: Final = re.compile(r"\s*[+-]?\d+([.,]\d+)?[eE][+-]?\d+\s*")
_FEWEST: Final = 3
"""Characters of the shortest text that counts as the rest of a cut one: many an mrn begins with a 1."""


def fold(text: str) -> str:
    """A text without what a server may change: case, accents, Unicode form, blanks, marks, leading zeros."""
    return _ZEROS.sub("", plain(text))


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


def days(text: str) -> frozenset[date]:
    """The days that a text may name, in any usual notation. With a time of day, the days beside it too."""
    numbers = [int(part) for part in re.findall(r"\d+", text)[:6]]
    found = set(_days(numbers, text))
    if re.search(r"\d[T ]\d", text) or re.fullmatch(r"\s*-?\d{8,}(\.\d+)?\s*", text):
        found |= {
            day + timedelta(days=step) for day in found for step in (-1, 1) if date.min < day < date.max
        }
    return frozenset(found)


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _days(numbers: list[int], text: str) -> Iterator[date]:
    month = next((place for place, name in enumerate(_MONTHS, 1) if name in text.casefold()), 0)
    match numbers:
        case [one, two, *_] if month:
            yield from _valid((one, month, two), (two, month, one))
        case [first, second, third, *_]:
            yield from _valid((first, second, third), (third, second, first), (third, first, second))
        case [whole, *_]:
            digits = str(whole)
            if len(digits) == 8:
                yield from _valid((whole // 10000, whole // 100 % 100, whole % 100))
                yield from _valid((whole % 10000, whole // 10000 % 100, whole // 1000000))
            yield from _epoch(whole if "-" not in text else -whole)
        case _:
            pass


def _valid(*dates: tuple[int, int, int]) -> Iterator[date]:
    for year, month, day in dates:
        for century in (0,) if year > 99 else (1900, 2000):
            try:
                yield date(year + century, month, day)
            except ValueError:
                continue


def _epoch(value: int) -> Iterator[date]:
    """The day of Unix seconds or milliseconds."""
    for seconds in (value, value / 1000):
        try:
            yield (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).date()
        except OverflowError:
            continue


def fingerprints_of_person(key: bytes, dob: str, firstname: str, lastname: str, email: str) -> bytes:
    """Two keyed fingerprints of a person, for any mrn: birth date with name, and with e-mail address.

    Each is ``MISSING`` where a part of it is not known; empty without a key.
    """
    if not key:
        return b""
    named = person(dob, firstname, lastname)
    mailed = (dob, fold(email)) if dob and email else None
    return b"".join(
        MISSING if same is None else fingerprint(key, "", name, "\0".join(same))
        for name, same in (("person", named), ("mailed", mailed))
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
            if not (live.email or live.dob):  # its mrn alone does not say that it is somebody else
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
        near |= set(_valid((day.year, day.day, day.month)))
    return frozenset(near)


def _keys(mrn: str, email: str, dob: Iterable[date], name: str) -> Iterator[tuple[str, object]]:
    """What two patients share of whom one might be the other; of a name, its words in any order."""
    local, at, domain = email.partition("@")
    texts = (
        ("mrn", fold(mrn)),
        ("number", fold(_number(mrn))),
        ("rounded", _rounded(mrn)),
        ("email", plain(email)),
        ("email", plain(local.partition("+")[0] + at + domain)),
        ("plain", plain(mrn)),
        ("name", " ".join(sorted(plain(word) for word in words_of(name)))),
    )
    yield from ((name, text) for name, text in texts if text)
    yield from (("day", day) for day in dob)


def _ends(by: Iterable[tuple[str, object]], name: str) -> Iterator[str]:
    """The folded texts of an attribute, forwards and backwards, so that a sorted list finds cut ones."""
    for key, text in by:
        if key == name:
            yield f">{text}"
            yield f"<{str(text)[::-1]}"
