"""The values of cells, each kind of cell checked once."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Final, TypeVar

from kardia_ctl.config.cohorts.meanings import sex_of
from kardia_ctl.config.template_names import are_plain_codes
from kardia_ctl.kinds.formats import MAX_LENGTH
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import are_sound

_MOST_KNOWN: Final = 1 << 17
"""How many cells of an attribute are remembered; a million patients have some 40,000 birth dates."""

Known = TypeVar("Known")


def known_values(
    known: dict[str, Known],
    cells: Sequence[str] | None,
    read: Callable[[Sequence[str]], Sequence[Known | None]],
) -> Iterable[Known] | None:
    """The value of each cell; None when ``read``, which is called with the new cells only, refuses one.

    Without such a column, every cell counts as empty.
    """
    if cells is None:
        return repeat(known[""])
    values = list(map(known.get, cells))
    if None not in values:
        return values  # type: ignore[return-value]
    new = list(set(cells).difference(known))
    read_new = read(new)
    if None in read_new:
        return None
    fresh: dict[str, Known] = dict(zip(new, read_new, strict=True))  # type: ignore[arg-type]
    if len(known) < _MOST_KNOWN:
        known.update(fresh)
        return list(map(known.__getitem__, cells))
    return [fresh[cell] if text is None else text for cell, text in zip(cells, values, strict=True)]


def _sound(form: TextFormat, cells: Sequence[str]) -> Sequence[str | None]:
    return cells if max(map(len, cells)) <= MAX_LENGTH and are_sound(form, cells) else (None,)


person_names = partial(_sound, TextFormat.NAME)
identifiers = partial(_sound, TextFormat.IDENTIFIER)


def sexes(cells: Sequence[str]) -> Sequence[str | None]:
    """The digit of each cell; None for one that means no sex for certain."""
    return list(map(sex_of, cells))


def code_lists(cells: Sequence[str]) -> Sequence[tuple[str, ...] | None]:
    """The template names in each cell; one None when any is not plainly right."""
    lists = list(map(template_names, cells))
    return lists if all(map(are_plain_codes, lists)) else (None,)


def template_names(cell: str) -> tuple[str, ...]:
    """The template names in a cell."""
    return tuple(name.strip() for name in cell.split(";"))
