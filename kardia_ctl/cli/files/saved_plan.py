"""Save plans to files, read them back, and check that they still hold."""

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kardia_ctl import __version__
from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.account.meant_addresses import known_mrns
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.files.tracked_file import warn_if_tracked
from kardia_ctl.cli.naming import are_mrns_public, keyed
from kardia_ctl.cli.outputs import starts_with
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.errors import PlanRefused, RunStopped
from kardia_ctl.model.state import State
from kardia_ctl.operations.plan import Preview
from kardia_ctl.planning.inputs import Decisions
from kardia_ctl.planning.saved.codec import Binding, SavedPlan
from kardia_ctl.planning.saved.digests import digest
from kardia_ctl.planning.saved.file import (
    MAGIC,
    MAX_BYTES,
    SEALED_WITH,
    key_source,
    seal,
    unseal,
)
from kardia_ctl.planning.saved.file import hint as hint_of
from kardia_ctl.planning.saved.parts import changed_parts, part_digests
from kardia_ctl.planning.saved.plan_renaming import Renaming
from kardia_ctl.planning.saved.staleness import (
    digests_of,
    live_digest,
    refuse_if_different,
    refuse_if_old,
    refuse_if_stale,
    state_digest,
)
from kardia_ctl.render.pseudonyms import RealNames, mrns_by_pseudonym

OURS: Final = starts_with(MAGIC)
"""An existing plan may be replaced by a plan."""


def save(file: Path, workspace: Workspace, preview: Preview) -> None:
    """Seal a plan into a file (0600), whole or not at all."""
    warn_if_tracked(file)
    key, source = workspace.keys.plans()
    names = workspace.keys.review(workspace.keys.fingerprints())
    pseudonyms = keyed(names)
    is_whole = preview.plan.refresh is Refresh.FULL
    live = live_digest(key, preview.inputs) if is_whole else ""
    saved = SavedPlan(
        id=secrets.token_hex(16),
        created=int(workspace.now.wall),
        binding=binding_of(workspace, preview.inputs.state, key, live),
        decisions=preview.inputs.given,
        digests=digests_of(preview.plan, key),
        plan=preview.plan,
        path=os.path.relpath(workspace.path.resolve(), file.resolve().parent),
        parts=part_digests(key, workspace.configuration.parts),
    )
    if not are_mrns_public():
        renamed = Renaming(pseudonyms.mrn, pseudonyms.text).saved_plan(saved)
        saved = replace(renamed, names=_check_value(names))
    write_private(file, seal(saved, key, source), OURS)


def _check_value(key: bytes) -> str:
    return digest(key, ("names",))


def with_mrns(saved: SavedPlan, keys: Keys, mrns: Iterable[str]) -> SavedPlan:
    """A saved plan with mrns for the known pseudonyms; as it is where their key is not here."""
    key = keys.review(keys.fingerprints())
    if saved.names != _check_value(key):
        return saved
    real = RealNames(mrns_by_pseudonym(mrns, key))
    return Renaming(real.name, real.text).saved_plan(saved)


def meant_decisions(saved: SavedPlan, workspace: Workspace, state: State) -> Decisions:
    """The decisions of a saved plan, about the addresses that its pseudonyms stand for.

    Raises:
        PlanRefused: the key of its pseudonyms is not here, or nobody known has one of them.
    """
    decisions = saved.decisions
    addresses = (decisions.recreate, decisions.reissue, decisions.distinct, decisions.targets)
    several = (*addresses, decisions.excludes)
    written = {
        address.names[0] for addresses in several for address in addresses if not address.kind.is_setting
    }
    if not written or not saved.names:
        return decisions
    key = workspace.keys.review(workspace.keys.fingerprints())
    if saved.names != _check_value(key):
        raise PlanRefused(
            "the saved plan names patients by pseudonyms under another key than this runner has "
            "(KARDIA_REVIEW_KEY, else the workspace's key, else the API key). Give this runner the same "
            "key, or plan again"
        )
    real = mrns_by_pseudonym(known_mrns(workspace.configuration.desired, state), key)
    if unknown := sorted(written - real.keys()):
        raise PlanRefused(
            f"the saved plan is about {', '.join(unknown)}, and nobody with this pseudonym is declared or "
            "recorded any more. Plan again"
        )
    names = RealNames(real)
    return Renaming(names.name, names.text).decisions(decisions)


def binding_of(workspace: Workspace, state: State, key: bytes, live: str = "") -> Binding:
    """What a plan made now is bound to. The digests are keyed, because they are computed from names."""
    configuration = workspace.configuration
    return Binding(
        version=__version__,
        endpoint=workspace.endpoint,
        team=configuration.desired.team,
        workspace=configuration.workspace,
        configuration=digest(key, (configuration.digest,)),
        state=state_digest(state),
        live=live,
    )


def is_plan(file: Path) -> bool:
    """Whether a path is a saved plan rather than a configuration."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(MAGIC)) == MAGIC.encode()
    except OSError:
        return False


def read(file: Path) -> bytes:
    """The bytes of a saved plan."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES)
    except OSError as error:
        raise RunStopped(f"{file}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Hint:
    """Where a saved plan says its configuration is, before its seal is checked: it only locates the key."""

    path: Path
    sandbox: bool


def hint(file: Path, data: bytes) -> Hint:
    """The hint that a saved plan gives.

    Raises:
        PlanRefused: the file is not a saved plan.
    """
    path, endpoint = hint_of(data)
    return Hint(Path(os.path.normpath(file.resolve().parent / path)), endpoint == "sandbox")


def check_seal(data: bytes, keys: Keys) -> tuple[SavedPlan, bytes]:
    """The saved plan, once its seal is verified, and the key of its digests.

    Raises:
        PlanRefused: the plan was altered, or its key is not available.
    """
    key, source = keys.plans(key_source(data))
    if not key:
        raise PlanRefused(
            "the saved plan was sealed with a key that is not available here "
            f"({SEALED_WITH[source]}). Give this runner the same key, or plan again"
        )
    return unseal(data, key), key


def check_strength(data: bytes, keys: Keys) -> None:
    """Refuse a seal by a weaker key than this workspace has: anybody can write the plan's first line.

    Raises:
        PlanRefused: KARDIA_PLAN_KEY or the workspace's key exists, and another key sealed the plan.
    """
    sealed, expected = key_source(data), keys.plans()[1]
    if sealed != expected:
        raise PlanRefused(
            f"the saved plan was sealed by {sealed}, but {expected} is required here; plan again"
        )


def check_bound(
    saved: SavedPlan, key: bytes, workspace: Workspace, state: State, *, now: float, max_age: float
) -> None:
    """Refuse a saved plan when it is too old, or anything that is known without a request has changed.

    ``now`` is Unix seconds, ``max_age`` seconds.

    Raises:
        PlanRefused: the plan is stale.
    """
    refuse_if_old(saved, now, max_age)
    changed = changed_parts(saved.parts, workspace.configuration.parts, key)
    refuse_if_stale(saved, binding_of(workspace, state, key), state, changed)


def check_live(saved: SavedPlan, key: bytes, workspace: Workspace, preview: Preview) -> None:
    """Refuse a saved plan when any live fact that it used has changed.

    A plan that was made from the head of the list used few: it holds when a plan that reads everything, which
    ``preview`` is, would do exactly the same.

    Raises:
        PlanRefused: the plan is stale.
    """
    live = live_digest(key, preview.inputs) if saved.plan.refresh is Refresh.FULL else ""
    digests = digests_of(preview.plan, key)
    if saved.digests != digests:
        mrns = known_mrns(preview.inputs.desired, preview.inputs.state)
        refuse_if_different(with_mrns(saved, workspace.keys, mrns), preview.plan, digests)
    refuse_if_stale(saved, binding_of(workspace, preview.inputs.state, key, live), preview.inputs.state)
