"""The table of what other formats and masks leave in or around a text: brackets, separators, codes, cuts."""

import re
from typing import Final

from kardia_ctl.kinds.texts.damage import (
    DECODE,
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
from kardia_ctl.kinds.texts.decoding import FOREIGN
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.program_words import NO_ADDRESS, NO_VALUE, UNKNOWN_WORDS

_EMAIL: Final = frozenset({TextFormat.EMAIL})
_PHONE: Final = frozenset({TextFormat.PHONE})
_TEXTUAL: Final = NAME | IDENTIFIER

WRAPPINGS: Final = (
    Damage(
        re.compile(whole(r"#[^\W\d_][\w/ ]{1,23}[!?]?")),
        "is what a program shows in place of a value",
        LOOK_UP,
        PERSONAL - IDENTIFIER,
        IDENTIFIER,
    ),
    Damage(
        re.compile(whole(rf"[(<\[{{]\s*(?:{NO_VALUE})\s*[)>\]}}]"), re.IGNORECASE),
        "is a word that programs write in place of a value ({seen})",
        LOOK_UP,
        PERSONAL,
    ),
    Damage(
        re.compile(
            whole(r"(?:c|list|set)?[\[({]\s*+[bu]?['\"][^'\"\])}]*+['\"][^\])}]*+[\])}]|[a-z]+\(0\)")
            + r"|\bdtype: \w++\s*+\Z"
        ),
        "is written as a program writes a list",
        EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(
            whole(
                r"System(?:\.[A-Z]\w*)+(?:\[\])?|(?:[a-z]\w*\.)+[A-Z]\w*@[0-9a-f]{4,8}"
                r"|<(?:[\w.]++ ){1,4}at 0x[0-9A-Fa-f]{4,16}>"
            )
        ),
        "is a program's name for something that is no text",
        EXPORT,
        PERSONAL,
    ),
    Damage(
        re.compile(r"\^\^|\^[^^]*\^|&[\w.]+&ISO\b"),
        "has the separators of HL7 v2, such as ^, from character {column} on",
        "Export the part that is the value alone",
        PERSONAL,
    ),
    Damage(
        re.compile(r"\^"),
        "has the separator ^ of HL7 v2, at character {column}",
        "Export the part that is the value alone",
        PERSONAL - IDENTIFIER,
        IDENTIFIER,
    ),
    Damage(
        re.compile(r"(?<=\w)''(?=\w)"),
        "has two apostrophes, as SQL writes one, at character {column}",
        "Export it again, or write one apostrophe",
        PERSONAL - IDENTIFIER,
        IDENTIFIER,
    ),
    Damage(
        re.compile(r"\*{2,}|[•●]{2,}|\A[Xx]{3,}[-. ][Xx]{2,}[-. ]"),
        "is masked, from character {column} on",
        "Export the value itself",
        PERSONAL,
    ),
    Damage(
        re.compile("[\uff01-\uff5e]"),
        "has a full-width character, at character {column}",
        "Retype it with a keyboard for Latin letters",
        _EMAIL | _PHONE,
    ),
    Damage(re.compile(r"\A\s*(?:tel|sms):", re.IGNORECASE), "begins with tel:", UNQUOTE, _PHONE),
    Damage(re.compile(r"\A\D+\Z|@"), "is no phone number", LOOK_UP, _PHONE),
    Damage(
        re.compile(whole(UNKNOWN_WORDS), re.IGNORECASE),
        "is a word for a value that nobody knows",
        LOOK_UP,
        _PHONE,
        _TEXTUAL,
    ),
    Damage(
        re.compile(rf"\A\s*{NO_ADDRESS}@"),
        "is written where an address is not known",
        LOOK_UP,
        NONE,
        _EMAIL,
    ),
    Damage(
        FOREIGN, "has letters as a wrong decoding makes them, from character {column} on", DECODE, NONE, NAME
    ),
    Damage(
        re.compile(r"[][<>{}|;~_=$%+*]|\A,|,\s*\Z"),
        "has a sign that no name has, at character {column}",
        UNQUOTE,
        NONE,
        NAME,
    ),
    Damage(
        re.compile(r"\A[^“”„]*[“”„][^“”„]*\Z"),
        "has a single quotation mark, at character {column}",
        UNQUOTE,
        NONE,
        NAME,
    ),
    Damage(
        re.compile(r"\A[,;|]|[,;|]\Z|\A[\[{<*].*[\]}>*]\Z"),
        "begins or ends with a sign that separates or encloses values",
        UNQUOTE,
        NONE,
        IDENTIFIER,
    ),
    Damage(
        re.compile(r"\A(?:#|//|--)\s|(?<![^\W\d_])[^\W\d_]{3,}+\s++(?:of )?[^\W\d_]{3,}+\Z"),
        "contains words, as a comment or a header does, from character {column} on",
        "Delete the row, or correct the value",
        NONE,
        IDENTIFIER,
    ),
    Damage(
        re.compile(r"@[^@\s]++\Z"),
        "is an e-mail address, and plans and logs show each mrn",
        "Declare the patient's number; an mrn that is an address already can stay",
        NONE,
        IDENTIFIER,
    ),
    Damage(
        re.compile(r"\A(?:https?://|urn:|[A-Z][A-Za-z]{3,}/[^/]*[0-9])"),
        "is a reference to a record, not its number",
        "Export the number alone",
        NONE,
        IDENTIFIER,
    ),
    Damage(
        re.compile(whole(r"[0-9][.,][0-9]+[Ee][0-9]{1,3}")),
        "is a number in scientific notation, as a program shortens it: its digits may be lost",
        EXPORT,
        STRICT - IDENTIFIER,
        IDENTIFIER,
    ),
    Damage(
        re.compile(whole(r"[0-9]{15}0{2,}")),
        "has zeros from its 16th digit on, as a spreadsheet cuts a long number",
        EXPORT,
        NONE,
        IDENTIFIER,
    ),
    Damage(
        re.compile(whole(r"[0-9]{1,3}(?:[,'’][0-9]{3})+")),
        "has separators of thousands",
        "Export it again as text, without separators",
        NONE,
        IDENTIFIER,
    ),
    Damage(
        re.compile(
            whole(
                r"[0-9]{1,2}[./][0-9]{1,2}[./](?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]"
                r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
            )
        ),
        "is a day or a time, as a spreadsheet makes one of texts such as 3-1",
        EXPORT,
        NONE,
        IDENTIFIER,
    ),
    Damage(
        re.compile(
            whole(
                "2147483647|-2147483648|4294967295|9223372036854775807|-9223372036854775808|18446744073709551615"
            )
        ),
        "is the largest number that a database column holds, as it stores every larger one",
        EXPORT,
        NONE,
        IDENTIFIER,
    ),
)
"""Searched after the table of ``damages``."""
