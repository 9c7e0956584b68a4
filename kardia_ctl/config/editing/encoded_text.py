"""The text of a file beside its bytes: a part of the text can be replaced, and no other byte changes."""

import codecs
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from kardia_ctl.config.cohorts.formats.blocks import LINE_END
from kardia_ctl.config.source_files import UnusableFile

_MARKS: Final = (
    ("utf-8", codecs.BOM_UTF8, "utf-8"),
    ("utf-8-sig", codecs.BOM_UTF8, "utf-8"),
    ("utf-16", codecs.BOM_UTF16_LE, "utf-16-le"),
    ("utf-16", codecs.BOM_UTF16_BE, "utf-16-be"),
    ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
    ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be"),
    ("utf-32", codecs.BOM_UTF32_LE, "utf-32-le"),
    ("utf-32", codecs.BOM_UTF32_BE, "utf-32-be"),
    ("utf-32-le", codecs.BOM_UTF32_LE, "utf-32-le"),
    ("utf-32-be", codecs.BOM_UTF32_BE, "utf-32-be"),
)
"""Encoding, the byte order mark that a file may begin with, and the encoding of what follows it."""

_WITHOUT: Final = {"utf-8-sig": "utf-8"}
"""The encoding of a file whose encoding would write a mark, and that has none."""


class NotEditable(UnusableFile):
    """A value cannot be edited in its file."""


_OTHER_FORM: Final = (
    "the file does not have the form in which its encoding is written, so the rest could not stay as it is",
    "Write the value there by hand, or save the file as UTF-8",
)


@dataclass(frozen=True, slots=True, repr=False)
class TextEdit:
    """What stands between two characters of a text is replaced by ``new``."""

    begin: int
    end: int
    new: str


@dataclass(frozen=True, slots=True, repr=False)
class ByteEdit:
    """What stands between two bytes of a file is replaced by ``new``."""

    begin: int
    end: int
    new: bytes


@dataclass(frozen=True, slots=True, repr=False)
class EncodedText:
    """A file's bytes and text; ``mark`` is its byte order mark, ``encoding`` that of the bytes after it."""

    data: bytes
    text: str
    mark: bytes
    encoding: str

    @classmethod
    def of(cls, data: bytes, encoding: str = "") -> "EncodedText":
        """The text of a file that was read before in this encoding; empty for UTF-8."""
        name = codecs.lookup(encoding or "utf-8").name
        for known, mark, rest in _MARKS:
            if name == known and data.startswith(mark):
                return cls(data, data[len(mark) :].decode(rest), mark, rest)
        return cls(data, data.decode(name), b"", _WITHOUT.get(name, name))

    def can_encode(self, text: str) -> bool:
        """Whether the file's encoding has all characters of a text."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def line_begins(self, lines: Collection[int]) -> Mapping[int, int]:
        """The offset in characters of each of some lines, which count from 1."""
        begins = {1: 0} if 1 in lines else {}
        for number, found in enumerate(LINE_END.finditer(self.text), start=2):
            if number in lines:
                begins[number] = found.end()
        return begins

    def in_bytes(self, edits: Iterable[TextEdit]) -> tuple[ByteEdit, ...]:
        """Edits of the text, which must not overlap, as edits of the bytes, in their order.

        Raises:
            NotEditable: the bytes between them could not be kept: the encoding has several forms of a text.
        """
        ordered = sorted(edits, key=lambda edit: edit.begin)
        places = [0, *(place for edit in ordered for place in (edit.begin, edit.end)), len(self.text)]
        pieces = [self.text[begin:end].encode(self.encoding) for begin, end in pairwise(places)]
        if self.mark + b"".join(pieces) != self.data:
            raise NotEditable(*_OTHER_FORM)
        ends = list(accumulate(map(len, pieces), initial=len(self.mark)))
        return tuple(
            ByteEdit(begin, end, edit.new.encode(self.encoding))
            for edit, begin, end in zip(ordered, ends[1::2], ends[2::2], strict=False)
        )


def edited(data: bytes, edits: Iterable[ByteEdit]) -> bytes:
    """The bytes with some parts replaced, in the order of the edits."""
    pieces, place = [], 0
    for edit in edits:
        pieces += [data[place : edit.begin], edit.new]
        place = edit.end
    return b"".join((*pieces, data[place:]))
