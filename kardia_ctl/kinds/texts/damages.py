"""The table of what spreadsheets, databases and wrong decodings leave in a text."""

import re
from dataclasses import dataclass
from typing import Final

from kardia_ctl.kinds.texts.decoding import MISREAD, STRANGE
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.program_words import ERROR_VALUES, NO_NAMES, NULL_WORDS, NULLS, ODD_NAMES

NAME: Final = frozenset({TextFormat.NAME})
IDENTIFIER: Final = frozenset({TextFormat.IDENTIFIER})
STRICT: Final = frozenset({TextFormat.IDENTIFIER, TextFormat.EMAIL, TextFormat.PHONE, TextFormat.DATE})
PERSONAL: Final = STRICT | NAME
EVERY: Final = frozenset(TextFormat)
NONE: Final[frozenset[TextFormat]] = frozenset()


@dataclass(frozen=True, slots=True)
class Damage:
    """What a program leaves in a text.

    Attributes:
        pattern: Searched for in the whole text.
        words: Follow the name of the value. {seen} is what was found, only where it is never a patient's;
            {column} where it begins, from 1.
        remedy: What to do.
        wrong: The formats of which no right text has it.
        odd: Those of which a right text might.
    """

    pattern: re.Pattern[str]
    words: str
    remedy: str
    wrong: frozenset[TextFormat]
    odd: frozenset[TextFormat] = NONE


def _whole(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(rf"\A\s*(?:{pattern})\s*\Z", flags)


_EXPORT: Final = "Export it again as text, or look the value up and correct it"
_LOOK_UP: Final = "Look the value up and correct it; leave it out if there is none"
_UNQUOTE: Final = "Remove what is not part of the value"
_DECODE: Final = "Export it again as UTF-8, and read it as UTF-8 in every program on its way"
_TITLE_MONTH: Final = "(?:Jan|Feb|Mar|Mär|Apr|May|Mai|Jun|Jul|Aug|Sep|Oct|Okt|Nov|Dec|Dez)"
_ENTITY: Final = (
    r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|nbsp|shy|hellip|[lr][sd]quo|[nm]dash|zwn?j"
    r"|[A-Za-z](?:acute|grave|circ|uml|tilde|cedil|ring|slash|caron)|(?:AE|ae|OE|oe|sz)lig|eth|ETH|thorn|THORN);"
)

DAMAGES: Final = (
    Damage(
        re.compile("\ufffd"),
        "has U+FFFD REPLACEMENT CHARACTER at character {column}: a program could not read what was there",
        _DECODE,
        EVERY,
    ),
    Damage(
        _whole("|".join(map(re.escape, ERROR_VALUES)), re.IGNORECASE),
        "is a spreadsheet's error value ({seen})",
        _LOOK_UP,
        EVERY,
    ),
    Damage(
        _whole(r"#[¡¿]?[^\W\d_][\w/]{1,23}[!?]|#{3,}|Err:[0-9]{3}|Loading(?:\.{3}|…)"),
        "is what a spreadsheet shows in place of a value",
        _LOOK_UP,
        EVERY,
    ),
    Damage(
        re.compile(r"=\?[\w-]+\?[BbQq]\?|=[C-F][0-9A-F](?:=[89AB][0-9A-F])+"),
        "is written as e-mail encodes letters (=C3=A9), from character {column} on",
        _DECODE,
        PERSONAL,
    ),
    Damage(
        re.compile(r"\A\s*\{?=|\A\s*[+\-@]\s*[A-Za-z][A-Za-z.]*\("),
        "is the text of a spreadsheet's formula",
        "Export the value itself, as text",
        PERSONAL,
    ),
    Damage(
        _whole(r"[+-]?[0-9](?:[.,][0-9]{3,}[Ee]|[.,][0-9]+[Ee][+-]|[Ee]\+)[0-9]{1,3}"),
        "is a number in scientific notation, as a spreadsheet shortens it: its digits are lost",
        "Format the column as text, and take the values from the source again",
        PERSONAL,
    ),
    Damage(
        re.compile(r"\A\s*['’‘`´]"),
        "begins with an apostrophe, as a spreadsheet marks text",
        _UNQUOTE,
        STRICT,
    ),
    Damage(
        re.compile(r"\A'(?![a-z])"),
        "begins with an apostrophe, as a spreadsheet marks text",
        _UNQUOTE,
        NONE,
        NAME,
    ),
    Damage(
        re.compile(
            r"""\A\s*(?:["“„«](?:[^"”“»]*+["”“»])++|b(?:'(?:[^']*+')++|"(?:[^"]*+")++))\s*\Z|\A[^"]*"[^"]*\Z|\"\""""
        ),
        "has quotes that were not taken for quotes (a blank before one keeps it from being one)",
        _UNQUOTE,
        PERSONAL,
    ),
    Damage(
        _whole(NULLS, re.IGNORECASE),
        "is a word that programs write in place of a value ({seen})",
        _LOOK_UP,
        PERSONAL,
    ),
    Damage(
        _whole("|".join(sorted(NO_NAMES))),
        "is a word that programs write in place of a value ({seen})",
        _LOOK_UP,
        PERSONAL,
    ),
    Damage(
        _whole(f"{NULL_WORDS}|{'|'.join(sorted(ODD_NAMES))}", re.IGNORECASE),
        "is a word that programs write in place of a value ({seen})",
        _LOOK_UP,
        STRICT,
    ),
    Damage(
        _whole("|".join(sorted(ODD_NAMES))),
        "is a word that programs write in place of a value ({seen})",
        _LOOK_UP,
        NONE,
        NAME,
    ),
    Damage(
        re.compile("_x[0-9A-Fa-f]{4}_"),
        "has _xHHHH_, as a workbook writes a character that it cannot hold, at character {column}",
        _EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(_ENTITY),
        "has an entity of XML or HTML, such as &amp;, at character {column}",
        _EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[nrt](?![a-z])|\\[\"'\\]"),
        r"has an escape such as \u00e9 or \n, at character {column}",
        _EXPORT,
        PERSONAL,
    ),
    Damage(re.compile(r"\\"), r"has a backslash, at character {column}", _EXPORT, NONE, NAME),
    Damage(
        re.compile(r"%(?:2[0-9A-Fa-f]|3[A-Fa-f]|40|5[B-Fb-f]|[C-Fc-f][0-9A-Fa-f]%[89ABab][0-9A-Fa-f])"),
        "has a percent escape, as in URLs, at character {column}",
        _EXPORT,
        PERSONAL - IDENTIFIER,
        IDENTIFIER,
    ),
    Damage(
        _whole(r"\[object \w+\]"),
        "is a program's name for something that is no text",
        _EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(r"</?(?:b|br|i|p|td|tr|th|div|span|font|a|em|strong|script)\b[^<>]*>|<!\[CDATA\["),
        "has a tag of HTML or XML, at character {column}",
        _EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|\A%[sd]\Z"),
        "has a placeholder that was not filled in, at character {column}",
        "Write the value itself",
        STRICT,
        NAME,
    ),
    Damage(
        MISREAD,
        "looks like UTF-8 that was read with another encoding, from character {column} on",
        _DECODE,
        STRICT,
        NAME,
    ),
    Damage(
        STRANGE,
        "has a sign that no name has, as when a text is read with the wrong encoding, at character {column}",
        _DECODE,
        NONE,
        NAME,
    ),
    Damage(
        re.compile(r"\?"),
        "has a question mark, as when a letter could not be converted, at character {column}",
        _DECODE,
        NONE,
        NAME,
    ),
    Damage(
        re.compile(r"\A(?=\S)\W+\Z"),
        "has neither a letter nor a digit",
        _LOOK_UP,
        IDENTIFIER | {TextFormat.PHONE},
    ),
    Damage(re.compile(r"\A[\W\d_]+\Z"), "has no letter", _LOOK_UP, NONE, NAME),
    Damage(
        _whole(r"0+"),
        "is zero, as a spreadsheet looks up an empty cell",
        _LOOK_UP,
        NONE,
        IDENTIFIER,
    ),
    Damage(
        _whole(r"[0-9]+\.0+"),
        "ends with .0, as a program writes a number: zeros in front may be lost",
        _EXPORT,
        frozenset({TextFormat.PHONE}),
        IDENTIFIER,
    ),
    Damage(
        _whole(rf"[0-9]{{1,2}}[-.]{_TITLE_MONTH}(?:[-.][0-9]{{2,4}})?|{_TITLE_MONTH}[- .][0-9]{{2}}"),
        "is a day, as a spreadsheet makes one of texts such as 3-1",
        _EXPORT,
        frozenset({TextFormat.PHONE}),
        IDENTIFIER,
    ),
    Damage(
        _whole(r"[0-9]{5}(?:\.[0-9]+)?"),
        "is a number, as a spreadsheet stores a day",
        "Format the column as a date, or write YYYY-MM-DD",
        frozenset({TextFormat.DATE}),
    ),
)
"""The first damage that is found counts."""
