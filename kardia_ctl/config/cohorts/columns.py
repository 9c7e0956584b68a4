"""Which column of a table holds which attribute."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.formats.table import is_blank
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.schema.messages import near
from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.texts.characters import disguised
from kardia_ctl.model.source import Source

_WIDEST: Final = 1000


def columns_of(
    header: Sequence[str], cohort: Cohort, context: LoadContext, place: Callable[[int], Source]
) -> Mapping[str, int]:
    """The index of each attribute's column; empty, with the problems reported, when that is not certain.

    ``place`` returns where the header with an index is.
    """
    top = place(0)
    if not 0 < len(header) <= _WIDEST:
        message = "the header has too many columns" if header else "the file has no header row"
        context.problem(top, message, "Name the columns in its first line")
        return {}
    problems_before = len(context.problems)
    first: dict[str, int] = {}
    for index, name in enumerate(header):
        if not is_blank(name) and first.setdefault(name, index) != index:
            message = f"columns {first[name] + 1} and {index + 1} have the same header"
            context.problem(place(index), message, "Rename one")
    indices = {}
    required = ("mrn", *context.capabilities.required)
    for name in row_attributes(context):
        wanted = cohort.header(name)
        if name in cohort.constants:
            continue
        if wanted in first:
            indices[name] = first[wanted]
        elif name in cohort.columns or (name in required and name not in cohort.defaults):
            context.problem(top, *missing_column("column", name, wanted, header))
    warn_of_unread("column", header, cohort, indices, context)
    return indices if len(context.problems) == problems_before else {}


def row_attributes(context: LoadContext) -> tuple[str, ...]:
    """The attributes that a column may hold in the dialect."""
    return kind.COLUMNS[context.capabilities.dialect]


def wanted_headers(cohort: Cohort, context: LoadContext) -> frozenset[str]:
    """The headers that would be read."""
    return frozenset(cohort.header(name) for name in row_attributes(context) if name not in cohort.constants)


def missing_column(what: str, name: str, wanted: str, known: Sequence[str]) -> tuple[str, str]:
    """The message and remedy for a missing column or key."""
    message = f'there is no {what} "{wanted}"' + ("" if wanted == name else f" for {name}")
    if disguise := disguised(wanted, known):
        return f"{message}: one that looks like it has {disguise}", f"Rename that {what}"
    if meant := near(wanted, known):
        return f'{message}: did you mean "{meant}"?', ""
    return message, f"Set columns: {{{name}: its {_WORDS[what]}}}"


_WORDS: Final = {"column": "header", "key": "name"}


def warn_of_unread(
    what: str, header: Sequence[str], cohort: Cohort, used: Collection[str], context: LoadContext
) -> None:
    """Warn of unread headers that are an attribute's name, but for case and punctuation."""
    read = {cohort.header(name) for name in used}
    for written in header:
        name = _ATTRIBUTES.get("".join(filter(str.isalnum, written.lower())), "")
        if name and written not in read and (why := _why_unread(name, written, cohort, context)):
            shown = context.name(cohort.source)
            context.warnings.append(f'{shown}:1: the {what} "{written}" is not read; {why}')


_ATTRIBUTES: Final = {name.replace("_", ""): name for name in (*kind.ANY_COLUMN, *kind.OF_A_COHORT)}


def _why_unread(name: str, written: str, cohort: Cohort, context: LoadContext) -> str:
    """Why an attribute's header is not read, and what helps; empty when it is nobody's mistake."""
    if name in kind.OF_A_COHORT:
        return f"set {name} for the whole cohort, in its defaults"
    if name not in row_attributes(context):
        return f"a patient of the {context.capabilities.dialect} API has no {name}"
    if name in cohort.constants:
        return f"constants gives every patient its {name}" if name == written else ""
    if disguise := disguised(name, (written,)):
        return f"it has {disguise}: to read it, rename it"
    return f"to read it, set columns: {{{name}: {written}}}"
