"""The lines of one address in a plan's text: its place, and its attributes as Terraform writes them."""

from typing import Final

from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.plan_fields import Field
from kardia_ctl.render.redaction import HIDDEN, Shown
from kardia_ctl.render.view import Colour, View

INDENT: Final = "      "
NAME_WIDTH: Final = 13
"""The width of an attribute's name in characters, so that the values of an address stand in a column."""
_PLACE_COLUMN: Final = 46


def is_there(value: Shown | None) -> bool:
    """Whether a side has the attribute, hidden or not."""
    return value is not None and (value.hidden or value.text is not None)


def is_open(value: Shown | None) -> bool:
    """Whether the reader may see the value."""
    return value is not None and not value.hidden


def one_side(field: Field, value: Shown | None) -> str:
    """``name = value``: Atlantis colours lines by the sign before it and the `` = ``."""
    return f"{escape(field.name):<{NAME_WIDTH}} = {shown_value(value)}"


def both_sides(field: Field, *, live_last: bool = False) -> str:
    """``name = before -> after``."""
    first, second = (field.after, field.before) if live_last else (field.before, field.after)
    return f"{escape(field.name):<{NAME_WIDTH}} = {shown_value(first)} -> {shown_value(second)}"


def shown_value(value: Shown | None) -> str:
    """A value in quotes, or why it is not there."""
    if value is None or (value.text is None and not value.hidden):
        return "(not set)"
    return HIDDEN if value.text is None else quoted(value.text)


def quoted(text: str) -> str:
    """A text in quotes."""
    return '"' + escape(text).replace('"', r"\"") + '"'


def address_line(mark: str, colour: Colour, address: str, place: str, view: View) -> str:
    """An address after its mark, and where it is declared."""
    left = f"  {view.paint(mark, colour)} {address}"
    padding = " " * max(2, _PLACE_COLUMN - len(address) - 4)
    return f"{left}{padding}{escape(place)}" if place else left
