"""Adds keys to kardia.yaml without touching a byte of the rest, or says that it cannot.

What is inserted is checked by reading the file again: its tree must be the earlier one with the additions.
Where it is not, or where the root is written in braces, nothing is changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from kardia_ctl.config.source_files import BOM, UnusableFile, decoded
from kardia_ctl.config.writing.yaml_text import key, quoted
from kardia_ctl.config.yaml.parser import read_yaml

_NOTE: Final = "# Added by kardia-ctl import."


@dataclass(frozen=True, slots=True)
class Additions:
    """What to add to kardia.yaml.

    Attributes:
        settings: The URL of each setting, by its key.
        templates: Ids of connection templates, by their names.
        include: Files to include.
        cohorts: The files of cohorts, by their names.
    """

    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    templates: Mapping[str, str] = field(default_factory=dict)
    include: Sequence[str] = ()
    cohorts: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.settings or self.templates or self.include or self.cohorts)

    def sections(self) -> Iterator[tuple[str, Any]]:
        """Each top-level key with what is added to it, as the reader returns it."""
        for name, url in self.settings.items():
            yield name, {"url": _literal(url)}
        if self.templates:
            yield "templates", {label: _literal(found) for label, found in self.templates.items()}
        if self.include:
            yield "include", list(self.include)
        if self.cohorts:
            yield "cohorts", {name: {"source": source} for name, source in self.cohorts.items()}


def _literal(text: str) -> str:
    """A text in which no reference to the environment is read."""
    return text.replace("$", "$$")


def lines_to_add(additions: Additions) -> str:
    """The additions as a person would write them."""
    return "".join(f"{key(name)}:\n{_block(value, '  ')}" for name, value in additions.sections())


def _block(value: Any, indent: str, end: str = "\n") -> str:
    if isinstance(value, Mapping):
        return "".join(_entry(name, below, indent, end) for name, below in value.items())
    return "".join(f"{indent}- {quoted(text)}{end}" for text in value)


def _entry(name: str, value: Any, indent: str, end: str) -> str:
    if isinstance(value, str):
        return f"{indent}{key(name)}: {quoted(value)}{end}"
    return f"{indent}{key(name)}:{end}{_block(value, f'{indent}  ', end)}"


def _flow(name: str | None, value: Any) -> str:
    """An entry between brackets or braces."""
    if name is None:
        return quoted(value)
    if isinstance(value, str):
        return f"{key(name)}: {quoted(value)}"
    return f"{key(name)}: {{{', '.join(_flow(below, text) for below, text in value.items())}}}"


def with_additions(data: bytes, additions: Additions) -> bytes | None:
    """The bytes of kardia.yaml with the additions; None where the rest would not stay as it is."""
    try:
        text = decoded(data)
        wanted = _expected(read_yaml(text.encode(), "").tree, additions)
        insertions = None if wanted is None else _insertions(text, additions)
        if insertions is None:
            return None
        edited = _inserted(text, insertions)
        found = read_yaml(edited.encode(), "").tree
    except (UnusableFile, yaml.YAMLError, RecursionError):
        return None
    mark = BOM if data.startswith(BOM) else b""
    return mark + edited.encode() if found == wanted else None


def _expected(tree: Any, additions: Additions) -> dict[str, Any] | None:
    """The tree with the additions; None where something is there already, or is no list or mapping."""
    if not isinstance(tree, dict):
        return None
    wanted = dict(tree)
    for name, value in additions.sections():
        there = wanted.get(name, type(value)())
        if isinstance(value, list) and isinstance(there, list):
            wanted[name] = [*there, *value]
        elif isinstance(value, dict) and isinstance(there, dict) and not there.keys() & value.keys():
            wanted[name] = {**there, **value}
        else:
            return None
    return wanted


def _insertions(text: str, additions: Additions) -> list[tuple[int, str]] | None:
    """What to insert before which character; None where there is no plain place for it."""
    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(root, yaml.MappingNode) or root.flow_style or root.start_mark.column:
        return None
    end = "\r\n" if "\r\n" in text else "\n"
    offsets = _line_offsets(text)
    there = {node.value: value for node, value in root.value if isinstance(node, yaml.ScalarNode)}
    found, new = [], ""
    for name, value in additions.sections():
        if name in there:
            place = _into(there[name], value, offsets, end)
            if place is None:
                return None
            found.append(place)
        else:
            new += f"{key(name)}:{end}{_block(value, '  ', end)}"
    if new:
        first = "" if not text or text.endswith("\n") else end
        found.append((len(text), f"{first}{end}{_NOTE}{end}{new}"))
    return found


def _line_offsets(text: str) -> list[int]:
    offsets = [0]
    for line in text.split("\n"):
        offsets.append(offsets[-1] + len(line) + 1)
    return offsets


def _into(node: yaml.Node, value: Any, offsets: list[int], end: str) -> tuple[int, str] | None:
    """Where and what to insert into a list or mapping that is there already."""
    if not isinstance(node, yaml.CollectionNode):
        return None
    entries: list[tuple[str | None, Any]] = (
        list(value.items()) if isinstance(value, dict) else [(None, text) for text in value]
    )
    if node.flow_style:
        written = ", ".join(_flow(name, below) for name, below in entries)
        last = _last(node)
        if last is None:
            mark = node.end_mark
            return offsets[mark.line] + mark.column - 1, written
        return offsets[last.end_mark.line] + last.end_mark.column, f", {written}"
    leaf: yaml.Node = node
    while isinstance(leaf, yaml.CollectionNode) and not leaf.flow_style:
        below = _last(leaf)
        if below is None:
            return None
        leaf = below
    written, place = _block(value, " " * node.start_mark.column, end), offsets[leaf.end_mark.line + 1]
    if place < offsets[-1]:
        return place, written
    return place - 1, f"{end}{written}"  # the last line has no end


def _last(node: yaml.CollectionNode) -> yaml.Node | None:
    """The last element of a list, or the last value of a mapping."""
    if not node.value:
        return None
    last: Any = node.value[-1]
    found: yaml.Node = last[1] if isinstance(last, tuple) else last
    return found


def _inserted(text: str, insertions: list[tuple[int, str]]) -> str:
    pieces, begin = [], 0
    for place, new in sorted(insertions, key=lambda insertion: insertion[0]):
        pieces += [text[begin:place], new]
        begin = place
    return "".join((*pieces, text[begin:]))


def keys_below(data: bytes, name: str) -> tuple[str, ...]:
    """The keys, or the texts of the list, that kardia.yaml has below a top-level key."""
    try:
        tree = read_yaml(decoded(data).encode(), "").tree
    except UnusableFile:
        return ()
    below = tree.get(name, ()) if isinstance(tree, dict) else ()
    return tuple(text for text in below if isinstance(text, str)) if isinstance(below, (dict, list)) else ()
