"""How a plan or report is shown: how much of it, with which values, in which colours."""

from dataclasses import dataclass
from enum import Enum

from kardia_ctl.render.names import MRNS, Names


class Colour(Enum):
    """ANSI colours, used as Terraform uses them."""

    GREEN = "32"
    YELLOW = "33"
    RED = "31"
    CYAN = "36"
    BOLD = "1"


@dataclass(frozen=True, slots=True)
class View:
    """The options of rendering for one reader.

    Attributes:
        colour: Whether ANSI colours are added.
        show_phi: Whether patients' values are shown. If not, a field's name and the file:line of its
            declaration stand for the value.
        full: How many addresses of one kind, action and cause are shown before the rest is counted. If more
            are blocked, those of one reason are grouped. What is deleted or disconnected is always shown.
        names: How addresses are written.
    """

    colour: bool = False
    show_phi: bool = False
    full: int = 20
    names: Names = MRNS

    def paint(self, text: str, colour: Colour) -> str:
        """The text in a colour, or unchanged where there are no colours."""
        return f"\x1b[{colour.value}m{text}\x1b[0m" if self.colour else text
