"""How much of a plan or report is shown, and to whom."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """The reader's side of rendering.

    Attributes:
        colour: Whether ANSI colours are added.
        show_phi: Whether patients' values are shown. Without it a field's name and the file:line of its
            declaration stand for the value.
        full: How many addresses of one kind, action and cause are shown before the rest is counted. What
            is blocked, deleted, disconnected, failed or in doubt is always shown.
    """

    colour: bool = False
    show_phi: bool = False
    full: int = 20
