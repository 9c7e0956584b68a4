"""Which parts of the configuration changed since a plan was saved: files, values, periods.

A saved plan has no name of a file here: a file may be called like a patient. The names that are printed are
those of the configuration as it is now.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from kardia_ctl.model.source import ConfigurationPart, PartKind
from kardia_ctl.planning.saved.digests import digest

SHOWN: Final = 5
"""How many changed parts a message names."""

_NAMES: Final[Mapping[PartKind, str]] = {
    PartKind.FILE: "{}",
    PartKind.PERIODS: "the periods of {} that count today",
    PartKind.VARIABLE: "the environment variable {}",
}


class PartDigests(NamedTuple):
    """A part of the configuration that a plan was made from: keyed digests (hex), and no name.

    Attributes:
        name: Of its kind and name.
        content: Of its bytes.
        text: Of its text, whatever its line ends are and whether it begins with a byte order mark.
        bom: Whether it begins with a byte order mark.
    """

    name: str
    content: str
    text: str
    bom: bool


def part_digests(key: bytes, parts: Iterable[ConfigurationPart]) -> tuple[PartDigests, ...]:
    """What a saved plan keeps of a configuration's parts."""
    return tuple(
        PartDigests(
            digest(key, (part.kind, part.name)),
            digest(key, (part.content.hex(),)),
            digest(key, (part.text.hex(),)),
            part.bom,
        )
        for part in parts
    )


def changed_parts(saved: Iterable[PartDigests], parts: tuple[ConfigurationPart, ...], key: bytes) -> str:
    """What changed since a plan was saved, by name: ``c.csv (only its line ends)``. Empty for nothing."""
    before = {part.name: part for part in saved}
    named = list(_changed(before, parts, key))
    more = [f"{len(named) - SHOWN} more"] if len(named) > SHOWN else []
    gone = len(before)
    if gone:
        more.append(f"{gone} of what it was made from {'is' if gone == 1 else 'are'} no longer used")
    return ", ".join([*named[:SHOWN], *more])


def _changed(
    before: dict[str, PartDigests], parts: tuple[ConfigurationPart, ...], key: bytes
) -> Iterator[str]:
    """Each part that is new or differs. Takes from ``before`` whatever is still there."""
    for part, now in zip(parts, part_digests(key, parts), strict=True):
        then = before.pop(now.name, None)
        if then == now:
            continue
        name = _NAMES[part.kind].format(part.name)
        if then is None:
            yield f"{name} (new)"
        elif then.text != now.text:
            yield name
        elif then.bom != now.bom:
            yield f"{name} (only its byte order mark or its line ends)"
        else:
            yield f"{name} (only its line ends)"
