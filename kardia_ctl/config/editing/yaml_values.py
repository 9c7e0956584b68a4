"""Where the scalars of a YAML file stand, and how one of them is replaced."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from kardia_ctl.config.editing.encoded_text import EncodedText, TextEdit
from kardia_ctl.config.writing.yaml_text import quoted
from kardia_ctl.config.yaml.parser import read_yaml
from kardia_ctl.config.yaml.tree import Document, YamlMapping
from kardia_ctl.model.source import Source

_HEADER: Final = re.compile(r"[|>][-+0-9]*+(?P<rest>[^\r\n]*)")
"""The first line of a block scalar: its indicators, and perhaps a comment."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar: where it begins and ends, the character that shows its style (empty for plain), its text."""

    begin: int
    end: int
    style: str
    text: str = field(repr=False)


class YamlValues:
    """The scalars of a file. Everything in it is parsed once."""

    def __init__(self, file: EncodedText, name: str) -> None:
        self.text = file.text
        data = file.text.encode()
        self._document: Document = read_yaml(data, name)
        self._scalars = dict(_scalars(data))
        self._patients = {
            node["mrn"]: node
            for node in self._document.tree.get("patients", ())
            if isinstance(node, YamlMapping)
        }

    def of_patient(self, mrn: str, attribute: str) -> Scalar:
        """The scalar that declares an attribute of a patient whom this file lists."""
        return self.at(self._document.source(self._patients[mrn], attribute))

    def at(self, source: Source) -> Scalar:
        """The scalar that begins at a place."""
        return self._scalars[source.line, source.column]

    def edit(self, scalar: Scalar, value: str, *, is_number: bool = False) -> TextEdit:
        """The edit that gives a scalar another value. A comment in the first line of a block stays.

        ``is_number``: the value may stand without quotes, as every reader takes it for the same number.
        """
        old = self.text[scalar.begin : scalar.end]
        if scalar.style in ("|", ">"):
            header = _HEADER.match(old)
            rest = header["rest"] if header else ""
            end = scalar.begin + max(len(old.rstrip(" \t\r\n")), len(header[0]) if header else 0)
            return TextEdit(scalar.begin, end, quoted(value) + rest)
        if is_number and not scalar.style:
            return TextEdit(scalar.begin, scalar.end, value)
        return TextEdit(scalar.begin, scalar.end, quoted_as(value, scalar.style))


def quoted_as(text: str, style: str) -> str:
    """A text in single quotes where the scalar had them and nothing needs an escape, else as ``quoted``."""
    return "'" + text.replace("'", "''") + "'" if style == "'" and text.isprintable() else quoted(text)


def _scalars(data: bytes) -> Iterator[tuple[tuple[int, int], Scalar]]:
    """Each scalar by its line and column, which count from 1."""
    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(data)
    while event := parser.get_event():
        if isinstance(event, yaml.ScalarEvent):
            begin: Any = event.start_mark
            end: Any = event.end_mark
            style = event.style or ""
            yield (begin.line + 1, begin.column + 1), Scalar(begin.index, end.index, style, event.value)
