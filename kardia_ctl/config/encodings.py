"""Text files in other encodings than UTF-8, as a cohort declares them. None is ever guessed."""

import codecs
from collections.abc import Iterable, Iterator
from typing import Final

from kardia_ctl.config.source_files import BOM, InvalidContent

_NO_FILES: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
"""Codecs of Python that turn texts into texts, or differ from machine to machine."""

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_text_encoding(name: str) -> bool:
    """Whether this is the name of an encoding that a text file may have."""
    try:
        "".encode(name)
        return codecs.lookup(name).name.replace("-", "_") not in _NO_FILES
    except (LookupError, ValueError):  # unknown, of bytes, or no name at all
        return False


def in_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """A file's bytes as UTF-8; ``encoding`` is empty when they are.

    Raises:
        InvalidContent: they are not in this encoding.
    """
    if not encoding:
        yield from chunks
        return
    decoder, line, is_first = codecs.getincrementaldecoder(encoding)(), 1, True
    for chunk in _ended(chunks):
        if is_first and chunk.startswith(BOM) and not codecs.lookup(encoding).name.startswith("utf-8"):
            raise InvalidContent("the file begins as UTF-8 does", "Remove encoding")
        if is_first and codecs.lookup(encoding).name == "utf-16" and not chunk.startswith(_UTF_16):
            message = "the file has no byte order mark, so its byte order is not known"
            raise InvalidContent(message, "Set encoding: utf-16-le or utf-16-be")
        is_first = False
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            data = error.object if isinstance(error, UnicodeDecodeError) else chunk
            line += data[:start].decode(encoding, "replace").count("\n")
            message = (
                f"byte 0x{data[start]:02x} is not valid {encoding}"
                if data[start:]
                else "the file ends within a character"
            )
            raise InvalidContent(message, "Correct encoding, or export the file again", line) from error
        line += text.count("\n")
        yield text.encode("utf-8", "surrogatepass")


def _ended(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from filter(None, chunks)
    yield b""
