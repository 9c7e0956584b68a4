"""What opens the files of a configuration: plain files as they are, encrypted ones in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import PurePath, PurePosixPath
from typing import Final, TypeVar

from kardia_ctl.config.encryption import age, sops
from kardia_ctl.config.encryption.age_header import SUFFIX, is_encrypted
from kardia_ctl.config.source_files import InvalidContent, Unopened

AnyPath = TypeVar("AnyPath", bound=PurePath)

IN_MEMORY: Final = 256 << 20
"""Bytes of an encrypted file that a reader needs as a whole, such as a workbook."""


def plain_name(path: AnyPath) -> AnyPath:
    """The name that a file has without encryption: its ending says the format."""
    return path.with_suffix("") if is_age(path) else path


def is_age(path: PurePath) -> bool:
    """Whether a file is one of age, by its name."""
    return path.suffix.lower() == SUFFIX


@dataclass(frozen=True, slots=True)
class Unlocking:
    """What encrypted files are opened with.

    Attributes:
        identities: Reads the texts of age identities, each with the place that it was found in.
        environ: The environment of the program sops.
    """

    identities: Callable[[], Sequence[tuple[str, str]]] = field(default=tuple, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def keys(self) -> age.Identities:
        """The identities.

        Raises:
            RunStopped: one cannot be used.
        """
        return [key for text, place in self.identities() for key in age.identities_of(text, place)]


class PlainTexts:
    """The plain text of each file of one configuration; knows which of them are encrypted."""

    def __init__(self, unlocking: Unlocking | None = None) -> None:
        self._unlocking = unlocking or Unlocking()
        self._keys = cache(self._unlocking.keys)
        self._sealed: set[PurePosixPath] = set()
        self.unopened: Final[set[PurePosixPath]] = set()
        """The files that nothing here opens: whom they declare is not known."""

    def are_sealed(self, relative: PurePosixPath) -> bool:
        """Whether a file is encrypted, as its name says or as was seen when it was read."""
        return is_age(relative) or relative in self._sealed

    def open(self, relative: PurePosixPath, chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
        """The plain text of a file whose bytes come in chunks.

        Args:
            relative: Its path from the configuration's directory; the ending says whether it is one of age.
            chunks: Its bytes as they are stored.
            limit: The most bytes of plain text.

        Raises:
            Unopened: the file is encrypted, and nothing here opens it.
            InvalidContent: the file was altered, or is another one than its name says.
        """
        try:
            yield from self._open(relative, iter(chunks), limit)
        except Unopened:
            self.unopened.add(relative)
            raise

    def _open(self, relative: PurePosixPath, stream: Iterator[bytes], limit: int) -> Iterator[bytes]:
        if is_age(relative):
            yield from age.decrypted(stream, self._keys, limit)
            return
        first = next(stream, b"")
        if is_encrypted(first):
            raise InvalidContent(
                "the file is encrypted with age, and its name does not say so",
                f"Rename it: {relative.name}.age",
            )
        if sops.is_binary(first):
            self._sealed.add(relative)
            yield self._of_sops(first, stream)
            return
        sops.refuse_parsed(first)
        if first:
            yield first
        yield from stream

    def held(self, relative: PurePosixPath, chunks: Iterable[bytes]) -> BytesIO | None:
        """The plain text of an encrypted file as a file in memory; None for a plain one, which is read too.

        Raises:
            InvalidContent: it is too large for memory.
        """
        held = BytesIO()
        for data in chunks:
            if self.are_sealed(relative) and held.write(data) and held.tell() > IN_MEMORY:
                raise InvalidContent(
                    f"an encrypted file of this format may have {IN_MEMORY >> 20} MiB at most",
                    "Export it as CSV, which is read as a stream",
                )
        return held if self.are_sealed(relative) else None

    def _of_sops(self, first: bytes, stream: Iterator[bytes]) -> bytes:
        data = bytearray(first)
        for chunk in stream:
            data += chunk
            if len(data) > sops.LIMIT:
                raise InvalidContent(
                    f"the file is larger than the {sops.LIMIT >> 20} MiB that are read through sops",
                    "Encrypt it with kardia-ctl encrypt, which has no such limit",
                )
        return sops.decrypted(bytes(data), self._unlocking.environ)
