"""What can be wrong with a text, and what kinds of text there are."""

from dataclasses import dataclass
from enum import StrEnum


class TextFormat(StrEnum):
    """What a text holds, by the name of its format in the schema."""

    IDENTIFIER = "identifier"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    OTHER = "printable"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong or odd about a value, without the value: words that follow its name, and what to do.

    An empty ``remedy`` leaves it to the schema's description.
    """

    words: str
    remedy: str = ""
