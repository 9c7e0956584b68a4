"""``${VAR}`` in URLs and ids. A patient's texts are never touched."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.yaml.tree import Document, YamlList, YamlMapping
from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.configuration import Setting

_REFERENCE: Final = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<broken>\{))")
_EVERY: Final = "*"

_PLACES: Final = (
    ("team",),
    *((definition.key, _EVERY) for definition in SETTINGS.values()),
    ("templates", _EVERY),
    ("departures", _EVERY, "id"),
    ("state",),
)
"""Where environment values are substituted. Patients' ids are too, when the patients are registered."""


def substitute(document: Document, context: LoadContext) -> set[tuple[str | int, ...]]:
    """Substitute environment values in the tree, in place. Returns the paths where that failed.

    ``$$`` is a literal dollar.
    """
    faulty = set()
    for pattern in _PLACES:
        for path in list(_paths(document.tree, pattern)):
            node, before = document.tree, len(context.problems)
            for step in path[:-1]:
                node = node[step]
            node[path[-1]] = expand(node[path[-1]], document, path, context)
            if len(context.problems) > before:
                faulty.add(path)
    return faulty


def _paths(node: Any, pattern: tuple[str, ...]) -> Iterator[tuple[str | int, ...]]:
    """The paths of all texts with a dollar that a pattern leads to."""
    if not pattern:
        if isinstance(node, str) and "$" in node:
            yield ()
        return
    head, *rest = pattern
    if isinstance(node, YamlMapping):
        steps: Any = node if head == _EVERY else [head] * (head in node)
    else:
        steps = range(len(node)) if isinstance(node, YamlList) and head == _EVERY else ()
    for step in steps:
        for tail in _paths(node[step], tuple(rest)):
            yield (step, *tail)


def expand(text: str, document: Document, path: tuple[str | int, ...], context: LoadContext) -> str:
    """A text with its references replaced. One that cannot be replaced is reported and stays as it is."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name and (replacement := context.environ.get(name)):
            context.substitute(name, replacement, declares=path[0] != "state")
            return replacement
        if name or match["broken"]:
            _report(name, document, path, context)
            return match[0]
        return "$"

    return _REFERENCE.sub(value, text)


def _report(name: str | None, document: Document, path: tuple[str | int, ...], context: LoadContext) -> None:
    source = document.source(document.tree, *path)
    if name:
        context.problem(source, f"the environment variable {name} is not set or is empty", f"Set {name}")
    else:
        context.problem(
            source, "${ begins a reference that is not closed", "Write ${NAME}, or $$ for a dollar sign"
        )


class References(Mapping[str, str]):
    """An environment in which every variable's value is the reference to it, ``${NAME}``.

    For whoever compares what is declared, and has none of the values.
    """

    def __getitem__(self, name: str) -> str:
        return f"${{{name}}}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def hold_reference(setting: Setting, environ: Mapping[str, str]) -> bool:
    """Whether a setting has a value that is not known here, so that no rule can be held to it."""
    return isinstance(environ, References) and any("${" in value for value in setting.attributes.values())
