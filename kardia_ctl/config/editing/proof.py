"""Reads a configuration with edited files, in memory: exactly the values that were meant may have changed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from kardia_ctl.config.editing.live_values import LiveValue, NotTaken
from kardia_ctl.config.encryption.plain_texts import Unlocking
from kardia_ctl.config.loader import load
from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.configuration import Configuration, Desired
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.source import Problem

_FACTS: Final = tuple(name for name in DesiredPatient.__struct_fields__ if name != "line")
_facts = attrgetter(*_FACTS)


def refuted(
    path: Path,
    environ: Mapping[str, str],
    now: Instant,
    before: Configuration,
    edited: Mapping[str, bytes],
    values: Sequence[LiveValue],
    unlocking: Unlocking | None = None,
) -> list[NotTaken]:
    """The values that are not read as they were meant, or that the configuration's rules refuse.

    Args:
        path: Where the configuration is, as for ``load``.
        environ: As for ``load``.
        now: As for ``load``.
        before: The configuration without the edits.
        edited: The content of each edited file, by its path from the configuration's directory.
        values: What was edited.
        unlocking: As for ``load``.
    """
    try:
        after = load(path, environ, now, edited, unlocking)
    except ConfigurationError as error:
        return _blamed(values, error.problems)
    wrong = set(_wrong(before.desired, after.desired, values))
    if not wrong:
        return []
    problems = [problem for rows in after.quarantines for problem in rows.problems]
    about = [value for value in values if value.address in wrong]
    if len({value.address for value in about}) < len(wrong):  # somebody else's value would change
        about = list(values)
    return _blamed(about, problems)


def _blamed(values: Sequence[LiveValue], problems: Iterable[Problem]) -> list[NotTaken]:
    """Why each value is refused: by the problem that names its attribute, else by one at its address.

    Of an address with a problem that names what is edited, the other values may be right. All are refused
    where no problem has their address.
    """
    by_address: defaultdict[Address | None, dict[str, Problem]] = defaultdict(dict)
    for problem in problems:
        by_address[problem.address].setdefault(problem.message.partition(" ")[0], problem)
    named = [value for value in values if value.attribute in by_address.get(value.address, ())]
    addresses = {value.address for value in named}
    known = named + [value for value in values if value.address in by_address.keys() - addresses]
    return [_not_taken(value, _problem_of(value, by_address)) for value in known or values]


def _problem_of(
    value: LiveValue, by_address: Mapping[Address | None, Mapping[str, Problem]]
) -> Problem | None:
    problems = by_address.get(value.address, {})
    return problems.get(value.attribute) or next(iter(problems.values()), None)


def _not_taken(value: LiveValue, problem: Problem | None) -> NotTaken:
    if problem is None:
        message = "the edited file would not be read as this value, or as more than it"
        return NotTaken(value, message, "Write the value there by hand")
    remedy = problem.remedy or "Correct it in Kardia by hand"
    return NotTaken(value, f"the live value would be refused: {problem.message}", remedy, problem.source)


def _wrong(before: Desired, after: Desired, values: Sequence[LiveValue]) -> Iterator[Address]:
    """The addresses that are not declared as they should be."""
    meant: dict[Address, dict[str, str]] = {}
    for value in values:
        meant.setdefault(value.address, {})[value.attribute] = value.written
    for mrn in {**before.patients, **after.patients}:
        old, new = before.patients.get(mrn), after.patients.get(mrn)
        address = patient_address(mrn)
        if old is None or new is None or _facts(new) != _expected(old, meant.get(address)):
            yield address
    settings = {setting.address: setting.attributes for setting in after.settings}
    for setting in before.settings:
        if settings.get(setting.address) != {**setting.attributes, **meant.get(setting.address, {})}:
            yield setting.address


def _expected(patient: DesiredPatient, changed: Mapping[str, str] | None) -> tuple[Any, ...]:
    facts: tuple[Any, ...] = _facts(patient)
    if changed is None:
        return facts
    return tuple(changed.get(name, fact) for name, fact in zip(_FACTS, facts, strict=True))
