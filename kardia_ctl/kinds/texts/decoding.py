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
    r"|þÿ|ÿþ|锟斤拷|烫烫"  # byte order marks, and what GBK makes of U+FFFD and of empty memory
)
"""What UTF-8 looks like that was read as Windows-1252 or Latin-1."""

STRANGE: Final = re.compile(
    "[¡-©«-³µ¶¸¹»-¿×÷ƒˆ˜‚„†‡•‰‹›€™\u2070-\u209f\u2190-\u2bff\U0001f000-\U0001faff]|\\A[\u0300-\u036f]"
)
"""A sign that no name has: a letter that was read with another code page, such as √ or ³ for it."""

_OTHER_SCRIPTS: Final = "\u0370-\u03ff\u0400-\u052f\u3400-\u9fff"
_BEYOND_ASCII: Final = f"[À-ÿĂĹŒŠŽŸ{_OTHER_SCRIPTS}]"
"""The first letter of what is looked for: a pattern that begins with a class passes over ASCII quickly."""

_SMALL: Final = "[a-zß-öø-ÿ]"
_FOREIGN: Final = (
    "(?<=[ĂĹ])[\u00a0-\u00bf‚„…†‡‰‹‘’“”•–—™›ˇ˘˝ľłşąťžźśšż]"  # UTF-8 that was read as Windows-1250
    "|(?<=[РС])[^А-ЯЁA-Z\\s][РС][^А-ЯЁA-Z\\s]"  # as Windows-1251
    "|(?<=[ΞΟ])[^Α-ΩA-Z\\s][ΞΟ][^Α-ΩA-Z\\s]"  # as Windows-1253
    "|(?<=[縺繧繝]).[縺繧繝]."  # as Shift-JIS
    "|(?<=Å) (?=[a-z])"  # Š, whose second byte is a no-break space in Windows-1252
    f"|(?<=[ŠŽŸŒ])(?<={_SMALL}.)(?={_SMALL}|\\s|\\Z)|(?<=[ŠŽŸ])(?<=[A-CE-Z].)(?={_SMALL})"  # from Mac Roman
    f"|(?<=[{_OTHER_SCRIPTS}])(?:(?<=[A-Za-zß-öø-ÿ].)|(?=[A-Za-zß-öø-ÿ]))"  # two scripts in one word
)
FOREIGN: Final = re.compile(f"{_BEYOND_ASCII}(?:{_FOREIGN})")
"""Letters that stand together in no name, as when a text is read with the wrong encoding."""

PLAIN_LETTER: Final = (
    "[^\\x00-\\x40\\x5b-\\x60\\x7b-\\xbf\u00c2\u00c3\u00d7\u00f7ƒ"
    "\u02b0-\u036f\u2000-\u2bff\ufeff-\uffff\\U0001f000-\\U0001faff\\U000e0000-\\U0010ffff]"
)
"""The pattern of a letter that is no part of what ``MISREAD`` and ``STRANGE`` look for, but for ``RUN``."""

RUN: Final = re.compile(
    f"{_BEYOND_ASCII}(?:(?<=[À-ÖØ-öø-ÿ])[À-ÖØ-öø-ÿ]{{3}}|(?<=[ÄÅÐÑ])[’ŠŽŒŸšžœ]|(?<=[ÎÏØÙÚÛ])’|(?<=[à-ï])[’ŠŽŒŸšžœ]{{2}}"
    f"|(?<=ð)[’ŠŽŒŸšžœ]{{3}}|(?<=þ)ÿ|(?<=ÿ)þ|(?<=锟)斤拷|(?<=烫)烫|{_FOREIGN})"
)
"""The forms of ``MISREAD`` that are made of such letters and of the apostrophe of names, and ``FOREIGN``."""
