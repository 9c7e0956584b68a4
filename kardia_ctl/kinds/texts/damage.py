"""What a program leaves in a text: the shape of the tables in ``damages`` and ``wrappings``."""

import re
from dataclasses import dataclass
from typing import Final

from kardia_ctl.kinds.texts.flaw import TextFormat

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


def whole(pattern: str) -> str:
    """The expression of a whole text, blanks around it aside."""
    return rf"\A\s*(?:{pattern})\s*\Z"


EXPORT: Final = "Export it again as text, or look the value up and correct it"
LOOK_UP: Final = "Look the value up and correct it; leave it out if there is none"
UNQUOTE: Final = "Remove what is not part of the value"
DECODE: Final = "Export it again as UTF-8, and read it as UTF-8 in every program on its way"
