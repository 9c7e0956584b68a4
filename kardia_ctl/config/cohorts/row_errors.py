"""What is wrong with a row, in the schema's words, without asking the schema for every row of a flood."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from kardia_ctl.config.cohorts.formats.table import REQUIRED
from kardia_ctl.config.patient_registry import faults, is_plain
from kardia_ctl.config.schema.fast_check import failing
from kardia_ctl.config.schema.messages import Finding
from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.configuration import Dialect


def row_findings(values: Mapping[str, Any], dialect: Dialect = Dialect.V1) -> list[Finding]:
    """Everything that the schema finds wrong with a row's values.

    What it finds wrong with a text depends on which of its rules fail, and not on the text: so each such
    case is asked once. A file in which a million rows are wrong takes seconds.
    """
    if dialect is not Dialect.V1:
        return faults(values, dialect)
    return [] if is_plain(values) else list(_found(values))


def _found(values: Mapping[str, Any]) -> Iterator[Finding]:
    for name in REQUIRED:
        if name not in values:
            yield from _missing(name)
    for name, value in values.items():
        if not isinstance(value, str):
            yield from _about(name, faults({name: value}))
        elif not kind.plain_text(name, value) and (rules := failing(kind.SCHEMA["properties"][name], value)):
            yield from _kept(name, rules, value)


@cache
def _missing(name: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in faults({}) if finding.message == f"{name} is missing")


_known: dict[tuple[str, tuple[str, ...]], tuple[Finding, ...]] = {}


def _kept(name: str, rules: tuple[str, ...], value: str) -> tuple[Finding, ...]:
    found = _known.get((name, rules))
    if found is None:
        found = _known[name, rules] = tuple(_about(name, faults({name: value})))
    return found


def _about(name: str, found: list[Finding]) -> Iterator[Finding]:
    return (finding for finding in found if finding.path[:1] == (name,))
