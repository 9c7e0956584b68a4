"""The small words that every text is put together from: colours, counts, rows of columns."""

from enum import Enum

from kardia_ctl.model.kinds import Kind


class Colour(Enum):
    """ANSI colours by what they say, as Terraform uses them."""

    GREEN = "32"
    YELLOW = "33"
    RED = "31"
    CYAN = "36"
    BOLD = "1"


def paint(text: str, colour: Colour, *, on: bool) -> str:
    """The text in a colour, or as it is."""
    return f"\x1b[{colour.value}m{text}\x1b[0m" if on else text


def count_of(number: int, noun: str) -> str:
    """``1 read``, ``2 reads``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def kind_count(number: int, kind: Kind) -> str:
    """``1 patient``, ``480 connection codes``."""
    return f"{number} {kind.facts.singular if number == 1 else kind.facts.plural}"


def duration(seconds: float) -> str:
    """How long that is, for a person: ``35 seconds``, ``12 minutes``, ``3 hours 20 minutes``."""
    if seconds < 90:
        return count_of(max(1, round(seconds)), "second")
    minutes = round(seconds / 60)
    if minutes < 90:
        return count_of(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    return f"{count_of(hours, 'hour')} {count_of(rest, 'minute')}" if rest else count_of(hours, "hour")


def short_duration(seconds: float) -> str:
    """The same in few characters: ``35 s``, ``12 min``, ``3 h 20 min``."""
    text = duration(seconds)
    for long, short in (("seconds", "s"), ("second", "s"), ("minutes", "min"), ("minute", "min")):
        text = text.replace(long, short)
    return text.replace("hours", "h").replace("hour", "h")
