"""What may be printed of an answer: its safe characters, without personal values and secrets."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from kardia_ctl.api.scrubbing.layers import encoded_runs, plain
from kardia_ctl.api.scrubbing.sent_values import HIDDEN, without_sent
from kardia_ctl.api.scrubbing.value_index import ValueIndex, keys_of_value
from kardia_ctl.api.scrubbing.vocabulary import PHRASES, WORDS
from kardia_ctl.api.scrubbing.words import Word, folded, words
from kardia_ctl.model.errors import KardiaError

_SHOWN: Final = 200
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of control characters, bidi and other format marks, broken and unassigned text."""

_YEAR: Final = r"(?:1[89]|20)\d\d"
_DAY: Final = r"\d{1,2}(?:st|nd|rd|th)?"
_MONTH: Final = r"[^\W\d_]{3,10}"
_APART: Final = r"[\W_]{1,3}"
_PATTERNS: Final = (
    (re.compile(r"(?<![^\s@<>\"'(),;:])[^\s@<>\"'(),;:]++@[^\s@<>\"'(),;]+"), "[e-mail]"),
    (re.compile(r"\b[0-9a-zA-Z]{6,8}(?:-[0-9a-zA-Z]{4}){3}-[0-9a-zA-Z]{12}\b"), "[key]"),
    (re.compile(r"\b[A-Z0-9]{4}(?:-[A-Z0-9]{4}){1,4}\b"), "[code]"),
    (re.compile(r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b"), "[date]"),
    (re.compile(rf"(?<!\d){_YEAR}{_APART}(?:\d{{1,2}}|{_MONTH}){_APART}{_DAY}(?!\d)"), "[date]"),
    (re.compile(rf"(?<!\d){_DAY}{_APART}(?:of )?(?:\d{{1,2}}|{_MONTH}){_APART}{_YEAR}(?!\d)"), "[date]"),
    (re.compile(rf"(?<![^\W_]){_MONTH}{_APART}{_DAY}{_APART}{_YEAR}(?!\d)"), "[date]"),
    (re.compile(rf"(?<!\d)\d{{1,2}}[-/.]{_MONTH}[-/.](?:\d\d|{_YEAR})(?!\d)"), "[date]"),
    (re.compile(r"\b(?:19|20)\d{6}\b"), "[date]"),
    (re.compile(r"\+?\(?\d(?:[\s().-]{0,2}\d){6,}"), "[phone]"),
)
_PLACEHOLDER: Final = re.compile(r"(\[(?:hidden|e-mail|key|code|date|phone)\])")
_READ: Final = 4000
"""Characters that are examined: many more than are printed, and few enough to search them often."""
_EXAMINED: Final = 600
"""Characters that are examined once the encodings are undone."""
_CLOSE: Final = 5
"""Letters below which a value counts only where it is written without spaces: ``1 2`` is not the mrn 12."""
_WITHIN: Final = 6
"""Letters from which a value is found within a longer word too."""
_LONGEST_WORD: Final = 40
"""Letters above which a word is hidden: it is none."""
_LONGEST_NUMBER: Final = 3
_READABLE: Final = 9
"""Bytes from which readable text in base64 or hex is hidden, whatever it says: chance does not write it."""
_SPOKEN: Final = frozenset({"at", "dot"})
_WORD: Final = re.compile(r"[^\W_]+")
_NOT_IN_NAMES: Final = re.compile(r"[^\w\s,.'\u2019+-]")

Keys = Callable[[], Iterable[str]]
"""The texts by which values are recognised (see ``value_index``), when they are needed."""


def printable(text: str, limit: int = _SHOWN) -> str:
    """The text on one line of at most ``limit`` characters, without anything that a terminal interprets."""
    cut = text[: limit + 1]
    safe = "".join(
        " " if c.isspace() else "�" if unicodedata.category(c) in _HIDDEN_CATEGORIES else c for c in cut
    )
    line = " ".join(safe.split())
    return f"{line[:limit]}…" if len(cut) > limit else line


class Scrubber:
    """Makes the texts of a server printable: without anybody's values, and without secrets.

    It knows the values of everybody who is declared, and of those who were observed. They are indexed when
    the first text comes, so that a run without errors pays nothing for it: 8 bytes for each spelling, some
    100 bytes for a patient. A text then takes about a millisecond, however many patients there are.

    A value is found as a whole word or as words, however encoded and whatever stands between its letters.
    The protocol's own words stay (``vocabulary``), although a patient may be called Error: alone they name
    nobody. A given name and a surname next to each other go even then. When the declaration cannot be read,
    the protocol's words are all that stays.
    """

    def __init__(self) -> None:
        self._index = ValueIndex()
        self._sources: list[Keys] = []
        self._blind = False

    def know(self, keys: Keys) -> None:
        """Add values. ``keys`` is called before the next text is scrubbed."""
        self._sources.append(keys)

    def hide(self, secret: str) -> None:
        """Add one value: a code or a key that the server has just made."""
        self._index.add(keys_of_value(secret))

    def __call__(self, text: str, hidden: Iterable[str] = (), limit: int = _SHOWN, kept: str = "") -> str:
        """The text, ``printable``, without the values that are known, nor what looks like a secret.

        Looks like a secret: an e-mail address, a date, a phone number, a connection code, an API key.

        Args:
            text: As the server sent it.
            hidden: What the request itself held: looked for within words and in pieces too.
            limit: The most characters.
            kept: A word that stays, such as the status of the answer.
        """
        whole = text
        text, undone = plain(text[:_READ])
        if not undone:
            return HIDDEN
        if len(text) > _EXAMINED or len(whole) > _READ:  # the last word may be half a name
            text = text[:_EXAMINED].rpartition(" ")[0] + " …"
        text = without_sent(text, hidden)
        for pattern, name in _PATTERNS:
            text = pattern.sub(name, text)
        self._learn()
        parts = _PLACEHOLDER.split(text)
        parts[::2] = [self._without_known(part, kept) for part in parts[::2]]
        return printable("".join(parts), limit)

    def _learn(self) -> None:
        while self._sources:
            try:
                self._index.add(self._sources.pop()())
            except (KardiaError, OSError):
                self._blind = True

    def _without_known(self, text: str, kept: str) -> str:
        found = list(words(text))
        spans = [*self._encoded(text), *self._values(text, found, kept)]
        if len(spoken := [word for word in found if word.key not in _SPOKEN]) < len(found):
            spans += self._values(text, spoken, kept)
        if self._blind:
            spans += (word[1:] for word in found if not _is_harmless(word.key))
        return _replaced(text, spans)

    def _values(self, text: str, found: Sequence[Word], kept: str) -> Iterator[tuple[int, int]]:
        """Where known values stand, each written as one word or more."""
        index = self._index
        for place, first in enumerate(found):
            key, common = "", True
            for last in found[place:]:
                key, common = key + last.key, common and last.key in WORDS
                if len(key) > index.longest:
                    break
                if key in index and not _stays(text[first.start : last.end], key, kept, common=common):
                    yield first.start, last.end
            if self._holds_value(first.key):
                yield first.start, first.end

    def _holds_value(self, word: str) -> bool:
        """Whether a long value stands within a word, or the word is longer than words are."""
        if len(word) > _LONGEST_WORD:
            return True
        if word in WORDS or word.isdigit():
            return False
        pieces = (
            word[start:end]
            for start in range(len(word) - _WITHIN + 1)
            for end in range(start + _WITHIN, len(word) + 1)
        )
        return any(piece in self._index and piece not in WORDS for piece in pieces)

    def _encoded(self, text: str) -> Iterator[tuple[int, int]]:
        """Where something stands in base64 or hex: readable text, or a short value that is known."""
        for start, end, decoded in encoded_runs(text):
            if len(decoded.encode()) >= _READABLE or self._is_known(decoded):
                yield start, end

    def _is_known(self, decoded: str) -> bool:
        return folded(decoded) in self._index or any(word.key in self._index for word in words(decoded))


def redacted(text: str, hidden: Iterable[str] = (), limit: int = _SHOWN) -> str:
    """As ``Scrubber``, where nobody is declared."""
    return Scrubber()(text, hidden, limit)


def _stays(written: str, key: str, kept: str, *, common: bool) -> bool:
    """Whether a known value stays: a word of the protocol, one of its phrases, or chance.

    Several words of the protocol (``common``) are a full name only when nothing but a space or a comma is
    between them: ``Error Null``, and not ``Error: null``.
    """
    if key in PHRASES or (len(key) < _CLOSE and key.isascii() and any(map(str.isspace, written))):
        return True
    if _WORD.fullmatch(written) is not None:
        return key in WORDS or key == kept
    return common and _NOT_IN_NAMES.search(written) is not None


def _is_harmless(word: str) -> bool:
    return word in WORDS or (word.isdigit() and len(word) <= _LONGEST_NUMBER)


def _replaced(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with each span, or run of overlapping spans, replaced."""
    parts, done = [], 0
    for start, end in sorted(spans):
        if end <= done:
            continue
        if start >= done:
            parts += [text[done:start], HIDDEN]
        done = end
    return "".join(parts) + text[done:]


def secrets_of(url: str) -> tuple[str, ...]:
    """The parts of a callback that may be a token: its query, each value of it, what precedes the host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    before_host = parts.netloc.rpartition("@")[0]
    values = (value for _, value in parse_qsl(f"{parts.query}&{parts.fragment}", keep_blank_values=True))
    return (parts.query, parts.fragment, before_host, *values)
