"""Which codes a command is about: those of some patients, of a cohort, or those that a file lacks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import click

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.account.meant_addresses import translation
from kardia_ctl.cli.options import Options
from kardia_ctl.cli.options import address as address_type
from kardia_ctl.cli.scope_options import check_cohort
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind

choice_options: Final = Options(
    click.option("--mrn", "mrns", multiple=True, metavar="MRN", help="Only this patient; may be repeated."),
    click.option(
        "--target",
        "targets",
        type=address_type,
        multiple=True,
        metavar="ADDRESS",
        help="Only this patient or this code; may be repeated.",
    ),
    click.option("--cohort", metavar="NAME", help="Only the patients of this cohort."),
)
"""--mrn, --target and --cohort."""


@dataclass(frozen=True, slots=True)
class CodeChoice:
    """What --mrn, --target and --cohort name. Without any of them it is every declared code."""

    mrns: tuple[str, ...] = ()
    targets: tuple[Address, ...] = ()
    cohort: str | None = None

    def meant(self, desired: Desired, keys: Keys) -> "CodeChoice":
        """The same with mrns for pseudonyms. Raises as ``translation``."""
        translate = translation(self._targets(), desired, keys)
        return CodeChoice((), tuple(map(translate, self._targets())), self.cohort)

    def named(self, desired: Desired) -> frozenset[Address]:
        """The codes that --mrn and --target name; none without them.

        Raises:
            RunStopped: one is not declared, or is about something else than codes.
        """
        addresses = frozenset(code for target in self._targets() for code in _codes_of(target, desired))
        if self._targets() and not addresses:
            names = ", ".join(map(str, self._targets()))
            raise RunStopped(f"{names}: no codes are declared for it. Add them under codes")
        return addresses

    def mrns_in(self, desired: Desired) -> frozenset[str]:
        """The mrns of the patients that are named, or of all.

        Raises:
            RunStopped: as ``named``; or the cohort has no patients.
        """
        self._check_cohort(desired)
        for target in self._targets():
            _declared(target, desired)
        named = {target.names[0] for target in self._targets()}
        return frozenset(
            mrn
            for mrn, patient in desired.patients.items()
            if (not named or mrn in named) and self.cohort in (None, patient.cohort)
        )

    def filter(self, desired: Desired) -> Callable[[Address], bool]:
        """Whether a code is one of those.

        Raises:
            RunStopped: as ``named``; or the cohort has no patients.
        """
        self._check_cohort(desired)
        named, cohort = self.named(desired), self.cohort

        def is_wanted(address: Address) -> bool:
            return (not named or address in named) and (
                cohort is None or desired.patients[address.names[0]].cohort == cohort
            )

        return is_wanted

    def _targets(self) -> tuple[Address, ...]:
        return (*map(patient_address, self.mrns), *self.targets)

    def _check_cohort(self, desired: Desired) -> None:
        if self.cohort is not None:
            check_cohort(self.cohort, desired)


def _declared(target: Address, desired: Desired) -> Address:
    if target.kind not in (Kind.PATIENT, Kind.CONNECTION_CODE):
        raise RunStopped(f"--target {target}: the address must be a patient or a connection_code")
    patient = desired.patients.get(target.names[0])
    if patient is None or (target.kind is Kind.CONNECTION_CODE and target.names[1] not in patient.codes):
        raise RunStopped(f"{target} is not declared in the configuration")
    return target


def _codes_of(target: Address, desired: Desired) -> Iterable[Address]:
    """The codes of a target, which is a patient or a code."""
    if _declared(target, desired).kind is Kind.CONNECTION_CODE:
        return (target,)
    mrn = target.names[0]
    return (code_address(mrn, label) for label in desired.patients[mrn].codes)
