"""Decisions on the command line: which addresses to apply, and exceptions to the safety checks."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import chain
from typing import Any, Final

import click

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.account.meant_addresses import translation
from kardia_ctl.cli.options import Options, accept_unknown_team_option
from kardia_ctl.cli.options import address as address_type
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.scope_options import check_cohort, excluded_from, is_declared
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import State
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
        "--cohort",
        "cohorts",
        multiple=True,
        metavar="NAME",
        help="Apply only the patients of this cohort, their codes and users; no forgets, no departures.",
    ),
    click.option(
        "--exclude",
        "excludes",
        type=address_type,
        multiple=True,
        metavar="ADDRESS",
        help="Leave this address alone, and what depends on it; not with --target.",
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
"""--target, --cohort, --exclude, --limit and the decisions about single addresses."""

FLAGS: Final = {"targets": "--target", "cohorts": "--cohort", "excludes": "--exclude"}
"""The options of ``Decisions`` that are called otherwise there."""

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


def decisions_from(
    options: dict[str, Any], configuration: Configuration, keys: Keys, state: Callable[[], State]
) -> Decisions:
    """The decisions of a command line; each is about declared addresses of a fitting kind.

    ``state`` loads what is recorded: whom nothing declares can be excluded too.

    Raises:
        RunStopped: options exclude each other, or an address or a cohort is nobody's.
    """
    excludes, cohorts = options.pop("excludes"), options.pop("cohorts")
    if excludes and options["targets"]:
        raise RunStopped("--target plans nothing else, so there is nothing to --exclude: leave one out")
    for cohort in cohorts:
        check_cohort(cohort, configuration.desired)
    written = {name: options.pop(name) for name in _KINDS}
    translate = translation(chain.from_iterable(written.values()), configuration.desired, keys)
    chosen = {name: frozenset(map(translate, addresses)) for name, addresses in written.items()}
    for name, addresses in chosen.items():
        for address in sorted(addresses, key=lambda one: one.order):
            if address.kind not in _KINDS[name]:
                raise RunStopped(f"--{name} {address}: the address must be a {' or '.join(_KINDS[name])}")
            if not is_declared(address, configuration.desired):
                raise RunStopped(f"{address} is not declared in the configuration")
    return Decisions(
        **chosen,
        cohorts=frozenset(cohorts),
        excludes=excluded_from(excludes, configuration.desired, keys, state),
        accept_collapse=bool(options.pop("accept_collapse")),
        accept_unknown_team=bool(options.pop("accept_unknown_team")),
        accept_decisions=bool(options.pop("accept_decisions")),
        limit=options.pop("limit"),
    )
