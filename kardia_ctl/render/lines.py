"""The small words that every text is put together from: colours, counts, rows of columns."""

from enum import Enum

from kardia_ctl.model.address import Kind


class Colour(Enum):
    """ANSI colours by what they say, as Terraform uses them."""

    GREEN = "32"
    YELLOW = "33"
    RED = "31"
    CYAN = "36"
    BOLD = "1"


_PLURALS = {
    Kind.CALLBACK: "callback URLs",
    Kind.QT_CALLBACK: "QT callback URLs",
    Kind.SERVICE_PROVIDER: "service providers",
    Kind.PATIENT: "patients",
    Kind.CONNECTION_CODE: "connection codes",
    Kind.MOBILE_USER: "mobile users",
}


def paint(text: str, colour: Colour, *, on: bool) -> str:
    """The text in a colour, or as it is."""
    return f"\x1b[{colour.value}m{text}\x1b[0m" if on else text


def count_of(number: int, noun: str) -> str:
    """``1 read``, ``2 reads``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def kind_count(number: int, kind: Kind) -> str:
    """``1 patient``, ``480 connection codes``."""
    plural = _PLURALS[kind]
    return f"{number} {plural.removesuffix('s') if number == 1 else plural}"
