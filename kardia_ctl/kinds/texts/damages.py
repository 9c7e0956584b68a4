"""The table of what spreadsheets, databases and wrong decodings leave in a text."""

import re
from typing import Final

from kardia_ctl.kinds.texts.damage import (
    DECODE,
    EVERY,
    EXPORT,
    IDENTIFIER,
    LOOK_UP,
    NAME,
    NONE,
    PERSONAL,
    STRICT,
    UNQUOTE,
    Damage,
    whole,
)
from kardia_ctl.kinds.texts.decoding import MISREAD, STRANGE
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.program_words import ERROR_VALUES, NO_NAMES, NULL_WORDS, NULLS, ODD_NAMES

_MONTH: Final = (
    "(?:[Jj]an[v.]*|[Ff]ebr?|[Ff]évr|[Mm]ar[sz]?|[Mm]är|Mrz|[Mm]rt|[Aa]pr|[Aa]vr|[Aa]br|[Mm]a[iyj]|[Mm]ei|[Mm]agg?"
    "|[Jj]u[nli]|[Jj]uil|[Gg]iu|[Ll]ug|[Aa]ug|[Aa]oût|[Aa]go|[Ss]ept?|[Ss]et|[Oo][ck]t|[Oo]tt|[Oo]ut|[Nn]ov"
    "|[Dd]e[cz]|[Dd]éc|[Dd]i[ch]|[Ee]ne|[Gg]en)"
)
"""Months as spreadsheets shorten them, but in capitals, which they do not write."""
_ENTITY: Final = (
    r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|nbsp|shy|hellip|[lr][sd]quo|[nm]dash|zwn?j"
    r"|[A-Za-z](?:acute|grave|circ|uml|tilde|cedil|ring|slash|caron)|(?:AE|ae|OE|oe|sz)lig|eth|ETH|thorn|THORN);"
)

DAMAGES: Final = (
    Damage(
        re.compile("\ufffd"),
        "has U+FFFD REPLACEMENT CHARACTER at character {column}: a program could not read what was there",
        DECODE,
        EVERY,
    ),
    Damage(
        re.compile(whole("|".join(map(re.escape, ERROR_VALUES))), re.IGNORECASE),
        "is a spreadsheet's error value ({seen})",
        LOOK_UP,
        EVERY,
    ),
    Damage(
        re.compile(whole(r"#[¡¿]?[^\W\d_][\w/]{1,23}[!?]|#{3,}|Err:[0-9]{3}|Loading(?:\.{3}|…)")),
        "is what a spreadsheet shows in place of a value",
        LOOK_UP,
        EVERY,
    ),
    Damage(
        re.compile(r"=\?[\w-]+\?[BbQq]\?|=[C-F][0-9A-F](?:=[89AB][0-9A-F])+"),
        "is written as e-mail encodes letters (=C3=A9), from character {column} on",
        DECODE,
        PERSONAL,
    ),
    Damage(
        re.compile(r"\A\s*\{?=|\A\s*[+\-@]\s*[A-Za-z][A-Za-z.]*\("),
        "is the text of a spreadsheet's formula",
        "Export the value itself, as text",
        PERSONAL,
    ),
    Damage(
        re.compile(whole(r"[+-]?[0-9](?:[.,][0-9]{3,}[Ee]|[.,][0-9]+[Ee][+-]|[Ee]\+)[0-9]{1,3}")),
        "is a number in scientific notation, as a spreadsheet shortens it: its digits are lost",
        "Format the column as text, and take the values from the source again",
        PERSONAL,
    ),
    Damage(
        re.compile(r"\A\s*['’‘`´]"),
        "begins with an apostrophe, as a spreadsheet marks text",
        UNQUOTE,
        STRICT,
    ),
    Damage(
        re.compile(r"\A'(?![a-z])"),
        "begins with an apostrophe, as a spreadsheet marks text",
        UNQUOTE,
        NONE,
        NAME,
    ),
    Damage(
        re.compile(
            r"""\A\s*(?:["“„«](?:[^"”“»]*+["”“»])++|b(?:'(?:[^']*+')++|"(?:[^"]*+")++))\s*\Z|\A[^"]*"[^"]*\Z|\"\""""
        ),
        "has quotes that were not taken for quotes (a blank before one keeps it from being one)",
        UNQUOTE,
        PERSONAL,
    ),
    Damage(
        re.compile(whole(NULLS), re.IGNORECASE),
        "is a word that programs write in place of a value ({seen})",
        LOOK_UP,
        PERSONAL,
    ),
    Damage(
        re.compile(whole("|".join(sorted(NO_NAMES)))),
        "is a word that programs write in place of a value ({seen})",
        LOOK_UP,
        PERSONAL,
    ),
    Damage(
        re.compile(whole(f"{NULL_WORDS}|{'|'.join(sorted(ODD_NAMES))}"), re.IGNORECASE),
        "is a word that programs write in place of a value ({seen})",
        LOOK_UP,
        STRICT,
    ),
    Damage(
        re.compile(whole("|".join(sorted(ODD_NAMES)))),
        "is a word that programs write in place of a value ({seen})",
        LOOK_UP,
        NONE,
        NAME,
    ),
    Damage(
        re.compile("_x[0-9A-Fa-f]{4}_"),
        "has _xHHHH_, as a workbook writes a character that it cannot hold, at character {column}",
        EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(_ENTITY),
        "has an entity of XML or HTML, such as &amp;, at character {column}",
        EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[nrt](?![a-z])|\\[\"'\\]"),
        r"has an escape such as \u00e9 or \n, at character {column}",
        EXPORT,
        PERSONAL,
    ),
    Damage(re.compile(r"\\"), r"has a backslash, at character {column}", EXPORT, NONE, NAME | IDENTIFIER),
    Damage(
        re.compile(r"%(?:2[0-9A-Fa-f]|3[A-Fa-f]|40|5[B-Fb-f]|[C-Fc-f][0-9A-Fa-f]%[89ABab][0-9A-Fa-f])"),
        "has a percent escape, as in URLs, at character {column}",
        EXPORT,
        PERSONAL - IDENTIFIER,
        IDENTIFIER,
    ),
    Damage(
        re.compile(whole(r"\[object \w+\]")),
        "is a program's name for something that is no text",
        EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(r"</?(?:b|br|i|p|td|tr|th|div|span|font|a|em|strong|script)\b[^<>]*>|<!\[CDATA\["),
        "has a tag of HTML or XML, at character {column}",
        EXPORT,
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
        DECODE,
        STRICT,
        NAME,
    ),
    Damage(
        STRANGE,
        "has a sign that no name has, as when a text is read with the wrong encoding, at character {column}",
        DECODE,
        NONE,
        NAME,
    ),
    Damage(
        re.compile(r"\?"),
        "has a question mark, as when a letter could not be converted, at character {column}",
        DECODE,
        NONE,
        NAME | IDENTIFIER,
    ),
    Damage(
        re.compile(r"\A(?=\S)\W+\Z"),
        "has neither a letter nor a digit",
        LOOK_UP,
        IDENTIFIER | {TextFormat.PHONE},
    ),
    Damage(re.compile(r"\A[\W\d_]+\Z"), "has no letter", LOOK_UP, NONE, NAME),
    Damage(
        re.compile(whole(r"0+")),
        "is zero, as a spreadsheet shows where it looks up an empty cell",
        LOOK_UP,
        NONE,
        IDENTIFIER,
    ),
    Damage(
        re.compile(whole(r"[0-9]+\.0+")),
        "ends with .0, as a program writes a number: zeros in front may be lost",
        EXPORT,
        frozenset({TextFormat.PHONE}),
        IDENTIFIER,
    ),
    Damage(
        re.compile(whole(rf"[0-9]{{1,2}}[-.] ?{_MONTH}\.?(?:[- .][0-9]{{2,4}})?|{_MONTH}\.?[- .][0-9]{{2}}")),
        "is a day, as a spreadsheet makes one of texts such as 3-1",
        EXPORT,
        frozenset({TextFormat.PHONE}),
        IDENTIFIER,
    ),
    Damage(
        re.compile(whole(r"[0-9]{5}(?:\.[0-9]+)?")),
        "is a number, as a spreadsheet stores a day",
        "Format the column as a date, or write YYYY-MM-DD",
        frozenset({TextFormat.DATE}),
    ),
)
