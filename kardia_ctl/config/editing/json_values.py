"""Where the members of a JSON object on one line stand, and how the value of one is replaced."""

import json
import re
from collections.abc import Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final

from kardia_ctl.config.editing.encoded_text import EncodedText, TextEdit

_BLANKS: Final = re.compile(r"[ \t\r\n]*")


def members_at(text: str, begin: int) -> Mapping[str, tuple[int, int]]:
    """Begin and end of each value of the object that begins at an offset, blanks before it aside.

    The object is valid JSON, each key once.
    """
    decode = json.JSONDecoder().raw_decode
    found: dict[str, tuple[int, int]] = {}
    place = _skip(text, _skip(text, begin) + 1)
    while text[place] != "}":
        key, place = scanstring(text, _skip(text, place) + 1, True)
        value = _skip(text, _skip(text, place) + 1)
        _, place = decode(text, value)
        found[key] = value, place
        place = _skip(text, place)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return found


def _skip(text: str, place: int) -> int:
    match = _BLANKS.match(text, place)
    return match.end() if match else place


def json_edit(file: EncodedText, place: tuple[int, int], new: str) -> TextEdit:
    """The edit that gives a member another text. A number stays one, and escapes where the file has them."""
    begin, end = place
    old = file.text[begin:end]
    if old[:1].isdigit():
        return TextEdit(begin, end, new)
    plain = json.dumps(new, ensure_ascii=False)
    escapes = "\\u" in old or not file.can_encode(plain)
    return TextEdit(begin, end, json.dumps(new) if escapes else plain)


def json_value(text: str, place: tuple[int, int]) -> Any:
    """The value of a member."""
    return json.loads(text[place[0] : place[1]])
