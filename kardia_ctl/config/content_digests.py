"""Digests of what a configuration consists of: its files, substituted values, and which periods counted."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from kardia_ctl.config.source_files import BOM
from kardia_ctl.model.source import ConfigurationPart, PartKind


class ContentHash:
    """SHA-256 of a file's bytes, and of its text in one form: no byte order mark, each line ended by LF.

    The second is computed apart only from the chunk on in which the two differ: a file that has that form
    is hashed once.
    """

    def __init__(self) -> None:
        self._bytes = hashlib.sha256()
        self._text: hashlib._Hash | None = None
        self._last = b""
        self.bom = False

    def update(self, data: bytes) -> None:
        """Add the next bytes of the file. A byte order mark is whole in the first call."""
        if not data:
            return
        text = data.removeprefix(b"\n") if self._last == b"\r" else data  # one line end in two chunks
        if not self._last and data.startswith(BOM):
            self.bom, text = True, data.removeprefix(BOM)
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if self._text is None and text != data:
            self._text = self._bytes.copy()
        self._bytes.update(data)
        if self._text is not None:
            self._text.update(text)
        self._last = data[-1:]

    def content(self) -> bytes:
        """The digest of the bytes."""
        return self._bytes.digest()

    def text(self) -> bytes:
        """The digest of the text in its one form. A last line without an end counts as ended."""
        text = self._bytes if self._text is None else self._text
        if self._last not in (b"\n", b"\r"):
            text = text.copy()
            text.update(b"\n")
        return text.digest()


@dataclass(slots=True)
class ContentDigests:
    """What a configuration has been read from so far."""

    _files: dict[str, ConfigurationPart] = field(default_factory=dict)
    _periods: dict[str, bytes] = field(default_factory=dict)
    _values: dict[str, str] = field(default_factory=dict)

    def add_file(self, name: str, read: ContentHash) -> bool:
        """Add a file, by its path from the configuration's directory.

        Returns False when it was added before with another content.
        """
        part = ConfigurationPart(PartKind.FILE, name, read.content(), read.text(), read.bom)
        return self._files.setdefault(name, part).content == part.content

    def add_periods(self, name: str, courses: bytes) -> None:
        """Add which periods of a file counted, if any: another day may declare something else."""
        if courses:
            self._periods[name] = hashlib.sha256(courses).digest()

    def add_value(self, name: str, value: str) -> None:
        """Add the value of an environment variable that was substituted."""
        self._values[name] = value

    def parts(self) -> tuple[ConfigurationPart, ...]:
        """All parts, in the order of their kinds and names."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[ConfigurationPart]:
        yield from (self._files[name] for name in sorted(self._files))
        for name, digest in sorted(self._periods.items()):
            yield ConfigurationPart(PartKind.PERIODS, name, digest, digest)
        for name, value in sorted(self._values.items()):
            digest = hashlib.sha256(value.encode("utf-8", "surrogateescape")).digest()
            yield ConfigurationPart(PartKind.VARIABLE, name, digest, digest)

    def total(self) -> str:
        """SHA-256 (hex) of all parts: kind, name and content."""
        total = hashlib.sha256()
        for part in self._parts():
            total.update(part.kind.encode() + b"\0" + _framed(part.name) + part.content)
        return total.hexdigest()


def _framed(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return len(data).to_bytes(8, "big") + data
