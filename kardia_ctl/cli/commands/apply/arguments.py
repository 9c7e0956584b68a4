"""The arguments of an apply, of a configuration or of a saved plan."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.meant_addresses import translation
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.cli.commands.apply.expected import Expected, expected_from
from kardia_ctl.cli.commands.apply.two_people import NOBODY, Claim, SecondPerson, claim_from, second_person
from kardia_ctl.cli.decisions import FLAGS, decisions_from, say_as_entries
from kardia_ctl.cli.files import saved_plan as plan_files
from kardia_ctl.cli.options import DURATION, Options
from kardia_ctl.cli.output.reporter import Reporter
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import PlanRefused, RunStopped
from kardia_ctl.model.plan import Plan
from kardia_ctl.planning.inputs import Decisions
from kardia_ctl.planning.saved.codec import SavedPlan
from kardia_ctl.planning.saved.staleness import MAX_AGE
from kardia_ctl.render.view import View
from kardia_ctl.timing import Clock

saved_plan_options: Final = Options(
    click.option(
        "--max-age",
        type=DURATION,
        metavar="DURATION",
        help="Refuse a saved plan that is older, such as 90s, 30m, 2h or 7d (default: 7d).",
    ),
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Where the configuration of a saved plan is, when the plan was moved.",
    ),
)
"""--max-age and --config."""


@dataclass(frozen=True, slots=True)
class ApplyArguments:
    """What one apply is to do, as read from the command line."""

    workspace: Workspace
    decisions: Decisions
    reporter: Reporter
    view: View
    approved: bool
    parallelism: int
    codes_out: Path | None
    results: Path | None
    settle_first: bool = False
    assume_absent: tuple[Address, ...] = ()
    assume_created: tuple[Address, ...] = ()
    saved: SavedPlan | None = None
    max_age: float = MAX_AGE
    plan_key: bytes = b""
    digest_key: bytes = b""
    expected: Expected | None = None
    claim: Claim = field(default_factory=Claim)
    second: SecondPerson = NOBODY
    clock: Clock = field(default_factory=Clock)

    @property
    def looks_only(self) -> bool:
        """Whether doubts are settled by looking only: somebody approved this plan, and no more than it."""
        return self.saved is not None or self.expected is not None

    def with_second_person(self, plan: Plan) -> "ApplyArguments":
        """These arguments with who else approved a plan that wants two people; warns where nobody did.

        Raises:
            RunStopped: as ``second_person``.
        """
        second = second_person(plan, self.workspace.configuration, self.claim, self.digest_key)
        self.reporter.warn(second.warning)
        return replace(self, second=second)


def arguments_of(
    path: Path, account: AccountOptions, reporter: Reporter, view: View, options: dict[str, Any]
) -> ApplyArguments:
    """The arguments of a command line, with the workspace opened.

    Raises:
        ConfigurationError: the configuration has problems.
        PlanRefused: the saved plan is altered, used, stale or of another version.
        RunStopped: options exclude each other, or there is no API key.
    """
    options["claim"] = claim_from(options)
    make = _of_saved_plan if plan_files.is_plan(path) else _of_configuration
    return make(path, account, reporter, view, options)


def _of_configuration(
    path: Path, account: AccountOptions, reporter: Reporter, view: View, options: dict[str, Any]
) -> ApplyArguments:
    if options.pop("max_age") is not None:
        raise RunStopped("--max-age is the age of a saved plan: name its file, or leave --max-age out")
    if options.pop("config") is not None:
        raise RunStopped("--config belongs to a saved plan: name the plan's file, or leave --config out")
    workspace = open_workspace(
        path,
        account,
        lock_timeout=options.pop("lock_timeout"),
        settle=options.pop("settle"),
        accept_parts=options["settle_first"],
    )
    decisions = decisions_from(options, workspace.configuration, workspace.keys, workspace.store.load)
    for name in ("assume_absent", "assume_created"):
        desired, store = workspace.configuration.desired, workspace.store
        translate = translation(options[name], desired, workspace.keys, store.load)
        options[name] = tuple(map(translate, options[name]))
    say_as_entries(decisions, workspace.now.day, options["assume_absent"], options["assume_created"])
    expected = expected_from(options, workspace.keys)
    approved = options.pop("auto_approve") or expected is not None
    digest_key = workspace.digest_key()  # before a key of fingerprints is made
    return ApplyArguments(
        workspace,
        decisions,
        reporter,
        view,
        approved,
        **options,
        digest_key=digest_key,
        expected=expected,
    )


def _of_saved_plan(
    file: Path, account: AccountOptions, reporter: Reporter, view: View, options: dict[str, Any]
) -> ApplyArguments:
    """The decisions are the saved plan's, and applying it asks for no confirmation."""
    for name in Decisions.__slots__:
        if options.pop(name):
            flag = FLAGS.get(name, f"--{name.replace('_', '-')}")
            raise RunStopped(f"{flag} cannot change a saved plan: use it with plan --out instead")
    for name in ("assume_absent", "assume_created"):
        if options[name]:
            raise RunStopped(
                f"--{name.replace('_', '-')} changes state, so that no plan saved before holds: use it with "
                "apply on the configuration, then plan again"
            )
    data = plan_files.read(file)
    hint = plan_files.hint(file, data)
    if hint.sandbox and not account.sandbox and account.endpoint is None:
        account = AccountOptions(sandbox=True)
    workspace = open_workspace(
        _configuration_of(file, hint.path, options.pop("config")),
        account,
        lock_timeout=options.pop("lock_timeout"),
        settle=options.pop("settle"),
        accept_parts=options["settle_first"],
    )
    saved, key = plan_files.check_seal(data, workspace.keys)
    given = options.pop("max_age")
    max_age = MAX_AGE if given is None else given
    state = workspace.store.load()
    plan_files.check_bound(saved, key, workspace, state, now=workspace.now.wall, max_age=max_age)
    plan_files.check_strength(data, workspace.keys)
    expected = expected_from(options, workspace.keys)
    options.pop("auto_approve")
    return ApplyArguments(
        workspace,
        plan_files.meant_decisions(saved, workspace, state),
        reporter,
        view,
        True,
        **options,
        saved=saved,
        max_age=max_age,
        plan_key=key,
        digest_key=workspace.digest_key(),
        expected=expected,
    )


def _configuration_of(file: Path, expected: Path, given: Path | None) -> Path:
    """Where the configuration of a saved plan is: as the command line says, else as the plan does.

    Raises:
        PlanRefused: there is none.
    """
    path = expected if given is None else given
    if not path.is_file() and not (path / "kardia.yaml").is_file():
        raise PlanRefused(
            f"the saved plan {file} looks for its configuration in {path}, and there is none. If it is "
            f"elsewhere: apply {file} --config PATH"
        )
    return Path(os.path.relpath(path)) if given is None else given  # places are named as seen from here
