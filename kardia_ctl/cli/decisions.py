"""Decisions on the command line: which addresses to apply, and exceptions to the safety checks."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import chain
from typing import Any, Final

import click

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.account.meant_addresses import translation
from kardia_ctl.cli.options import Options, accept_unknown_team_option
from kardia_ctl.cli.options import address as address_type
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Configuration, Desired
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.planning.decided.decision_notices import ended
from kardia_ctl.planning.inputs import Decisions

decision_options: Final = Options(
    click.option(
        "--target",
        "targets",
        type=address_type,
        multiple=True,
        metavar="ADDRESS",
        help="Apply only this address and its dependencies; no forgets, no departures.",
    ),
    click.option(
        "--recreate",
        type=address_type,
        multiple=True,
        metavar="ADDRESS",
        help="Create this patient again after it was deleted outside kardia-ctl.",
    ),
    click.option(
        "--reissue",
        type=address_type,
        multiple=True,
        metavar="ADDRESS",
        help="Issue this code, or create this user, even if there is or was one already.",
    ),
    click.option(
        "--distinct",
        type=address_type,
        multiple=True,
        metavar="ADDRESS",
        help="Create this patient even if another has the same name and birth date.",
    ),
    click.option(
        "--accept-collapse",
        is_flag=True,
        help="Continue even if the account lists far fewer patients than before.",
    ),
    accept_unknown_team_option,
    click.option(
        "--accept-decisions",
        is_flag=True,
        help="Without state: use the configuration's decisions that send what cannot be sent twice.",
    ),
    click.option(
        "--limit",
        type=click.IntRange(1),
        metavar="N",
        help="Apply only the first N writes, patient by patient; leave the rest for later runs.",
    ),
)
"""--target, --limit and the decisions about single addresses."""

_KINDS: Final = {
    "recreate": (Kind.PATIENT,),
    "reissue": (Kind.CONNECTION_CODE, Kind.MOBILE_USER),
    "distinct": (Kind.PATIENT,),
    "targets": tuple(Kind),
}


_DAYS: Final = timedelta(days=30)
"""For how long an entry holds that stands for an option."""


def say_as_entries(
    decisions: Decisions, today: date, absent: Iterable[Address] = (), created: Iterable[Address] = ()
) -> None:
    """Print the entries under ``decisions`` that would do what options did, for a person to copy."""
    chosen = {
        DecisionKind.RECREATE: decisions.recreate,
        DecisionKind.REISSUE: decisions.reissue,
        DecisionKind.DISTINCT: decisions.distinct,
        DecisionKind.ABSENT: absent,
        DecisionKind.CREATED: created,
    }
    entries = [
        f"  - {{address: {address}, decision: {kind}, reason: WHY, until: {today + _DAYS}}}"
        for kind, addresses in chosen.items()
        for address in sorted(addresses, key=lambda one: one.order)
    ]
    if entries:
        print_message("To decide this in the configuration instead, where it is reviewed:")
        for line in ("decisions:", *entries):
            print_message(line)


def ended_decisions(configuration: Configuration, today: date) -> list[str]:
    """A warning for each decision whose last day is over."""
    return [
        f"{decision.source}: {decision.about}: {ended(decision)}"
        for decision in configuration.desired.decisions
        if decision.has_ended(today)
    ]


def decisions_from(options: dict[str, Any], configuration: Configuration, keys: Keys) -> Decisions:
    """The decisions of a command line; each is about declared addresses of a fitting kind."""
    written = {name: options.pop(name) for name in _KINDS}
    translate = translation(chain.from_iterable(written.values()), configuration.desired, keys)
    chosen = {name: frozenset(map(translate, addresses)) for name, addresses in written.items()}
    declared = {setting.address for setting in configuration.desired.settings}
    for name, addresses in chosen.items():
        for address in sorted(addresses, key=lambda one: one.order):
            if address.kind not in _KINDS[name]:
                raise RunStopped(f"--{name} {address}: the address must be a {' or '.join(_KINDS[name])}")
            if address not in declared and not _is_of_patient(address, configuration.desired):
                raise RunStopped(f"{address} is not declared in the configuration")
    return Decisions(
        **chosen,
        accept_collapse=bool(options.pop("accept_collapse")),
        accept_unknown_team=bool(options.pop("accept_unknown_team")),
        accept_decisions=bool(options.pop("accept_decisions")),
        limit=options.pop("limit"),
    )


def _is_of_patient(address: Address, desired: Desired) -> bool:
    patient = desired.patients.get(address.names[0]) if address.names else None
    if patient is None:
        return False
    codes = {code_address(patient.mrn, label) for label in patient.codes}
    users = {Address(Kind.MOBILE_USER, (mrn,)) for mrn in (patient.mrn,) if mrn in desired.users}
    return address == patient_address(patient.mrn) or address in codes | users
