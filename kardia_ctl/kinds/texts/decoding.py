"""Texts that were decoded with another encoding than the one they were written in.

A letter beyond ASCII is two to four bytes of UTF-8. Read as Windows-1252 each of them becomes a character
of its own: a first one that tells the length and the script, then 0x80 to 0xBF (RFC 3629, section 3).
"""

import re
from typing import Final

_LETTERS: Final = "ŠŽŒŸšžœƒªº"
_SIGNS: Final = "\u00a0-\u00a9\u00ab-\u00b9\u00bb-\u00bf€‚„…†‡ˆ‰‹‘’“”•–—˜™›"
_NEXT: Final = f"[{_SIGNS}{_LETTERS}]"
"""0x80 to 0xBF in Windows-1252."""

MISREAD: Final = re.compile(
    rf"[ÂÃÄÅÐÑ]{_NEXT}"  # Latin and Cyrillic
    rf"|[ÎÏ×ØÙÚÛ][{_SIGNS}]"  # Greek, Hebrew and Arabic; KŘÍŽ and RÚŽA are names
    rf"|[à-ï]{_NEXT}{{2}}"  # from U+0800 on: â€™ for ’
    rf"|ð{_NEXT}{{3}}"
    r"|(?<=[a-zß-öø-ÿ])[ÃÂ]|(?<![^\W_])Ã(?=[a-z])"  # the second byte has got lost: GarcÃa
    r"|[À-ÖØ-öø-ÿ]{4}"  # Windows-1251 and its like
)
"""What UTF-8 looks like that was read as Windows-1252 or Latin-1."""

STRANGE: Final = re.compile("[¡-©«-±¶¸¹»-¿×÷ƒˆ˜‚„†‡•‰‹›€™\u2190-\u2bff]")
"""A sign that no name has: a letter that was read with another code page, such as √ or ³ for it."""

PLAIN_LETTER: Final = (
    "[^\\x00-\\x40\\x5b-\\x60\\x7b-\\xbf\u00c2\u00c3\u00d7\u00f7ƒ"
    "\u02b0-\u036f\u2000-\u2bff\ufeff-\uffff\\U000e0000-\\U0010ffff]"
)
"""The pattern of a letter that is no part of what ``MISREAD`` and ``STRANGE`` look for, but for ``RUN``."""

RUN: Final = re.compile("[À-ÖØ-öø-ÿ]{4}|[ÄÅÐÑ][ŠŽŒŸšžœ]|[à-ï][ŠŽŒŸšžœ]{2}|ð[ŠŽŒŸšžœ]{3}")
"""The forms of ``MISREAD`` that are made of such letters alone."""
