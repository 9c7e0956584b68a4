"""The patients that a soak declares: invented, some with a connection code, in a CSV cohort."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kardia_ctl.sandbox.data.invented import invented_patients
from kardia_ctl.sandbox.data.values import PatientFields

_LABEL: Final = "one-year"
_CODED: Final = 10
"""Every so many-th patient is declared with a code."""


@dataclass(frozen=True, slots=True)
class Population:
    """The patients that are to exist once each. ``template`` is what their codes are of; empty: no codes."""

    people: tuple[PatientFields, ...]
    template: str

    @property
    def coded(self) -> frozenset[str]:
        """The mrns that are declared with a code."""
        return frozenset(person.mrn for person in self.people[::_CODED]) if self.template else frozenset()


def population(count: int, seed: int, *, prefix: str, template: str) -> Population:
    """``count`` patients whose mrns begin with ``prefix``; equal arguments, equal patients.

    The account has invented patients of its own, with the same numbers. No mrn or e-mail address is the
    beginning or end of another: a create in doubt would be blocked as perhaps stored under a cut one.
    """
    people = (
        replace(
            person,
            mrn=f"{prefix}-{person.mrn}-S",
            email=person.email.replace("@", f".{prefix.lower()}@"),
        )
        for person in invented_patients(count, seed)
    )
    return Population(tuple(people), template)


def declare(population: Population, directory: Path, count: int, settle: int, state: str = "") -> None:
    """Write a configuration that declares the first ``count`` patients.

    ``settle`` is in seconds; ``state`` is the URL of a state elsewhere.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lines = ["version: 1", f"settle: {settle}s", "cohorts: {everyone: {source: everyone.csv}}"]
    if state:
        lines.append(f"state: {json.dumps(state)}")
    if population.template:
        lines.append(f"templates: {{{_LABEL}: {population.template}}}")
    (directory / "kardia.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (directory / "everyone.csv").open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(("mrn", "dob", "email", "firstname", "lastname", "sex", "codes"))
        writer.writerows(_rows(population, count))


def _rows(population: Population, count: int) -> list[Sequence[object]]:
    coded = population.coded
    return [
        (one.mrn, one.dob, one.email, one.firstname, one.lastname, one.sex, _LABEL * (one.mrn in coded))
        for one in population.people[:count]
    ]
