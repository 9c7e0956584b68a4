"""Texts that a program on their way has visibly changed, hidden, cut or failed to compute.

What nobody bears is a fault, what somebody might is a doubt; ``damages`` is the table. Most texts are plain:
one pattern for a whole column says so, and the table is not looked at.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from kardia_ctl.kinds.texts.addresses import (
    are_plain_addresses,
    is_address,
    is_plain_address,
    is_public,
)
from kardia_ctl.kinds.texts.births import is_date_text
from kardia_ctl.kinds.texts.characters import hidden_at, named
from kardia_ctl.kinds.texts.damage import Damage
from kardia_ctl.kinds.texts.damages import DAMAGES
from kardia_ctl.kinds.texts.decoding import PLAIN_LETTER, RUN
from kardia_ctl.kinds.texts.flaw import Flaw, TextFormat
from kardia_ctl.kinds.texts.program_words import NO_NAMES, ODD_NAMES, PLACEHOLDERS
from kardia_ctl.kinds.texts.wrappings import WRAPPINGS

ALL_DAMAGES: Final = (*DAMAGES, *WRAPPINGS)
"""The first damage that is found counts."""

_WRONG: Final[Mapping[TextFormat, Sequence[Damage]]] = {
    form: [damage for damage in ALL_DAMAGES if form in damage.wrong] for form in TextFormat
}
_ODD: Final[Mapping[TextFormat, Sequence[Damage]]] = {
    form: [damage for damage in ALL_DAMAGES if form in damage.odd] for form in TextFormat
}
_BLANK: Final = re.compile(r"\A\s|\s\Z")
_RETYPE: Final = "Retype it without that character"

_NAME: Final = rf"(?!System\.|[Xx]{{3,}}[-. ][Xx]{{2}}){PLAIN_LETTER}++(?:[ '’.-] ?{PLAIN_LETTER}++)*+\.?"
ANY_IDENTIFIER: Final = (
    r"(?!(?=[0-9])(?:[0-9]{1,2}(?:-[A-Za-z]|/[0-9]{1,2}/)|0++(?:\n|\Z)|[0-9]{15}00|(?:19|20)[0-9]{2}-[01][0-9]-"
    r"|2147483647|4294967295|9223372036854775807|18446744073709551615)"  # no 1-Mar, zero or cut numbers
    r"|[A-Za-z](?:[a-z]{2,3}-|[A-Za-z]{3,}/|[Xx]{2}))"  # no Mar-01, no references
    r"(?:(?:[A-Za-z]{1,8}+[-_/]?)?0*+[1-9][0-9]*+(?:[-_/][0-9]++)*+"  # such as AC-0001 or 2024/0017
    r"|(?=[A-Za-z-]*+[0-9])[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+)"
)
QUICK_IDENTIFIER: Final = r"(?!.XX)[A-Z]{1,8}+[-_]?0*+[1-9][0-9]*+(?=\n|\Z)"
"""What most identifiers are: part of ``ANY_IDENTIFIER``, and found three times as quickly."""

_IDENTIFIER: Final = f"(?:{QUICK_IDENTIFIER}|{ANY_IDENTIFIER})"
_NAMES: Final = re.compile(_NAME)
_IDENTIFIERS: Final = re.compile(_IDENTIFIER)
_TEXTS: Final = re.compile("[^#EeLl\\s\ufffd][^\ufffd]*+")
_ALL_NAMES: Final = re.compile(rf"(?:{_NAME}\n)*+")
_ALL_IDENTIFIERS: Final = re.compile(rf"(?:{_IDENTIFIER}\n)*+")
_NO_PLAIN_NAMES: Final = frozenset(word.casefold() for word in ODD_NAMES | NO_NAMES | PLACEHOLDERS)


def _is_plain_name(value: str) -> bool:
    return (
        _NAMES.fullmatch(value) is not None
        and value.isprintable()
        and RUN.search(value) is None
        and value.casefold() not in _NO_PLAIN_NAMES
    )


def _is_plain_identifier(value: str) -> bool:
    return _IDENTIFIERS.fullmatch(value) is not None


def _is_plain_text(value: str) -> bool:
    return value.isprintable() and _TEXTS.fullmatch(value) is not None


def _is_never_plain(_: str) -> bool:
    return False


PLAINLY: Final[Mapping[TextFormat, Callable[[str], bool]]] = {
    TextFormat.IDENTIFIER: _is_plain_identifier,
    TextFormat.NAME: _is_plain_name,
    TextFormat.EMAIL: is_plain_address,
    TextFormat.PHONE: _is_never_plain,
    TextFormat.DATE: is_date_text,
    TextFormat.OTHER: _is_plain_text,
}
"""Whether a text is so plain that nothing can be wrong or odd about it; False is no verdict."""


def fault(form: TextFormat, value: str) -> Flaw | None:
    """Why a text cannot be what it should hold; None when nothing tells."""
    if PLAINLY[form](value):
        return None
    return _known_name_fault(value) if form is TextFormat.NAME else _fault(form, value)


def _fault(form: TextFormat, value: str) -> Flaw | None:
    if found := _unprintable(form, value) or _found(_WRONG[form], value):
        return found
    if form is not TextFormat.OTHER and (blank := _BLANK.search(value)):
        return _blank(value, blank.start())
    if form is TextFormat.EMAIL and not is_address(value):
        return _address_fault(value)
    return None


@lru_cache(maxsize=1 << 12)
def _known_name_fault(value: str) -> Flaw | None:
    """Cached: of the names that are not plain most are of many people, such as Lukáš."""
    return _fault(TextFormat.NAME, value)


def doubt(form: TextFormat, value: str) -> Flaw | None:
    """Why a text without a fault is hardly what it should hold."""
    if PLAINLY[form](value):
        return None
    return _known_name_doubt(value) if form is TextFormat.NAME else _doubt(form, value)


@lru_cache(maxsize=1 << 12)
def _known_name_doubt(value: str) -> Flaw | None:
    return _doubt(TextFormat.NAME, value)


def _doubt(form: TextFormat, value: str) -> Flaw | None:
    if form is TextFormat.EMAIL and not is_public(value):
        return Flaw("has a host that no mail from elsewhere reaches", "Complete the part after the @")
    return _found(_ODD[form], value)


def are_sound(form: TextFormat, values: Sequence[str]) -> bool:
    """Whether no text has a fault or a doubt. Checks all of them together, which is faster."""
    return _are_plain(form, values) or not any(fault(form, value) or doubt(form, value) for value in values)


def _are_plain(form: TextFormat, values: Sequence[str]) -> bool:
    """Whether every text is as plain as ``PLAINLY`` says; asked of all of them together."""
    match form:
        case TextFormat.EMAIL:
            return are_plain_addresses(values)
        case TextFormat.IDENTIFIER:
            return _ALL_IDENTIFIERS.fullmatch(_lines(values)) is not None
        case TextFormat.NAME:
            lines = _lines(values)
            return (
                _ALL_NAMES.fullmatch(lines) is not None
                and lines.replace("\n", " ").isprintable()
                and RUN.search(lines) is None
                and _NO_PLAIN_NAMES.isdisjoint(lines.casefold().split("\n"))
            )
        case _:
            return all(map(PLAINLY[form], values))


def _lines(values: Sequence[str]) -> str:
    """The texts with a line end after each; a line end alone, which is never plain, when one has its own."""
    lines = "\n".join((*values, ""))
    return lines if lines.count("\n") == len(values) else "\n"


def _found(damages: Iterable[Damage], value: str) -> Flaw | None:
    for damage in damages:
        if match := damage.pattern.search(value):
            seen, column = match[0].strip(), match.start() + 1
            return Flaw(damage.words.replace("{seen}", seen).replace("{column}", str(column)), damage.remedy)
    return None


def _unprintable(form: TextFormat, value: str) -> Flaw | None:
    if not value:
        return Flaw("is empty", "Give it a value, or remove the key")
    if (hidden := hidden_at(value, joiners=form is TextFormat.NAME)) < 0:
        return None
    words = f"has a character that cannot be printed: {named(value[hidden])} at character {hidden + 1}"
    return Flaw(words, _RETYPE)


def _blank(value: str, index: int) -> Flaw:
    if value.isspace():
        return Flaw("has nothing but blanks", "Give it a value, or leave it empty")
    where = "begins" if index == 0 else "ends"
    return Flaw(f"{where} with a blank: {named(value[index])} at character {index + 1}", "Remove the blank")


_MARKED: Final = (
    (re.compile(r"mailto:.*", re.IGNORECASE), "begins with mailto:", "Remove it"),
    (re.compile(r"[^<]*<[^>]*>\s*"), "stands in < >", "Write the address alone"),
    (
        re.compile(r"[^@]*@[^;,\s/|]*[;,\s/|][^@]*@.*", re.DOTALL),
        "holds more than one address",
        "Write one address",
    ),
)


def _address_fault(value: str) -> Flaw:
    for pattern, words, remedy in _MARKED:
        if pattern.fullmatch(value):
            return Flaw(words, remedy)
    return Flaw("is not an e-mail address that mail can be delivered to")
