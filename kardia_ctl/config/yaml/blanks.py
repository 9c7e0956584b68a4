"""Blanks that people cannot tell from a space, and that YAML takes for letters."""

import re
from typing import Final

from kardia_ctl.config.source_files import UnusableFile
from kardia_ctl.kinds.texts.characters import INVISIBLE, named

_STRUCTURE: Final = re.compile(rf"(?m)^[ \t-]*(?:[\w.-]+:)?([{INVISIBLE}])")


def check_blanks(text: str) -> None:
    """Refuse such a blank where structure is meant: in an indentation, or after the colon of a key.

    Raises:
        UnusableFile: there is one.
    """
    if match := _STRUCTURE.search(text):
        place = match.start(1)
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        where = "after a colon" if text[place - 1] == ":" else "in the indentation"
        message = f"{named(match[1])} stands {where}, where YAML needs a space"
        raise UnusableFile(message, "Replace it by a space, wherever it is in the file", line, column)
