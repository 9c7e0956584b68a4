"""Removes what a request held from the text that answers it: within words and in pieces too."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final

from kardia_ctl.api.scrubbing.layers import plain
from kardia_ctl.api.scrubbing.vocabulary import WORDS

HIDDEN: Final = "[hidden]"
"""What stands in place of a value."""

_SHORTEST: Final = 2
_WORD_LETTERS: Final = 4
_WORD: Final = re.compile(r"[^\W_]+")
_URL_SAFE: Final = str.maketrans("+/", "-_")


def without_sent(text: str, hidden: Iterable[str]) -> str:
    """The text without what the request held: as a whole, its longer words, in base64 and in hex."""
    small = text.casefold()
    found = {
        spelling
        for value in hidden
        for spelling in _spellings(value)
        if spelling.casefold() in small and spelling.casefold() not in WORDS
    }
    for spelling in sorted(found, key=len, reverse=True):
        whole = re.escape(spelling)
        if len(spelling) < _WORD_LETTERS:  # two letters occur in many words
            whole = rf"(?<![^\W_]){whole}(?![^\W_])"
        text = re.sub(whole, HIDDEN, text, flags=re.IGNORECASE)
    return text


def _spellings(value: str) -> Iterator[str]:
    """How a value may appear in plain text: as a whole, its longer words, in base64 and in hex."""
    text = plain(value.strip())[0]
    if len(text) < _SHORTEST:
        return
    yield text
    yield text.replace(" ", "+")
    yield from (word for word in _WORD.findall(text) if len(word) >= _WORD_LETTERS)
    raw = value.strip().encode("utf-8", "replace")
    if len(raw) >= _WORD_LETTERS:
        yield raw.hex()
        for place in range(3):
            # The bytes before and after it change its first and last characters.
            spelled = b64encode(b"\0" * place + raw).rstrip(b"=").decode()
            cut = spelled[-(-place * 8 // 6) : len(spelled) - bool((place + len(raw)) % 3)]
            yield from (cut, cut.translate(_URL_SAFE))
