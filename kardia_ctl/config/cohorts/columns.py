"""Which column of a table holds which attribute."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.formats.table import ROW_ATTRIBUTES
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.schema.messages import near
from kardia_ctl.kinds.texts.characters import disguised
from kardia_ctl.model.source import Source

_WIDEST: Final = 1000


def columns_of(
    header: Sequence[str], cohort: Cohort, context: LoadContext, place: Callable[[int], Source]
) -> Mapping[str, int]:
    """The index of each attribute's column; empty, with the problems reported, when that is not certain.

    ``place`` returns where the header with an index is.
    """
    top = Source(context.name(cohort.source), 1, 1)
    if not 0 < len(header) <= _WIDEST:
        message = "the header has too many columns" if header else "the file has no header row"
        context.problem(top, message, "Name the columns in line 1")
        return {}
    problems_before = len(context.problems)
    first: dict[str, int] = {}
    for index, name in enumerate(header):
        if name and first.setdefault(name, index) != index:
            message = f"columns {first[name] + 1} and {index + 1} have the same header"
            context.problem(place(index), message, "Rename one")
    indices = {}
    required = ("mrn", *context.capabilities.required)
    for name in ROW_ATTRIBUTES:
        wanted = cohort.header(name)
        if name in cohort.constants:
            continue
        if wanted in first:
            indices[name] = first[wanted]
        elif name in cohort.columns or (name in required and name not in cohort.defaults):
            context.problem(top, *missing_column("column", name, wanted, header))
    warn_of_near_misses("column", header, cohort, indices, context)
    return indices if len(context.problems) == problems_before else {}


def missing_column(what: str, name: str, wanted: str, known: Sequence[str]) -> tuple[str, str]:
    """The message and remedy for a missing column or key."""
    message = f'there is no {what} "{wanted}"' + ("" if wanted == name else f" for {name}")
    if disguise := disguised(wanted, known):
        return f"{message}: one that looks like it has {disguise}", f"Rename that {what}"
    if meant := near(wanted, known):
        return f'{message}: did you mean "{meant}"?', ""
    return message, f"Set columns: {{{name}: its {_WORDS[what]}}}"


_WORDS: Final = {"column": "header", "key": "name"}


def warn_of_near_misses(
    what: str, header: Sequence[str], cohort: Cohort, used: Collection[str], context: LoadContext
) -> None:
    """Warn of unread headers that differ from an attribute's name only in case, spaces and punctuation."""
    read = {cohort.header(name) for name in used}
    for written in header:
        name = "".join(filter(str.isalnum, written.lower()))
        if name in ROW_ATTRIBUTES and written not in read and name not in cohort.constants:
            shown = context.name(cohort.source)
            remedy = f"to read it, set columns: {{{name}: {written}}}"
            if disguise := disguised(name, (written,)):
                remedy = f"it has {disguise}: to read it, rename it"
            context.warnings.append(f'{shown}:1: the {what} "{written}" is not read; {remedy}')
