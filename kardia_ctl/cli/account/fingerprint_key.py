"""The key of state's fingerprints, checked against the state that it is to be used with."""

from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import State
from kardia_ctl.planning.checks.state_key import is_of_another_key


def state_key(workspace: Workspace, state: State, *, create: bool = False) -> bytes:
    """The key of a workspace's fingerprints; ``create`` makes one where there is none and state needs none.

    Raises:
        StateError: state was written with another key, or with one that is not here.
        RunStopped: as ``Keys.fingerprints``.
    """
    keys = workspace.keys
    key, desired = keys.fingerprints(), workspace.configuration.desired
    if is_of_another_key(state, desired, key):
        own = keys.own_fingerprints()
        if own and not is_of_another_key(state, desired, own):
            return own  # recorded before another workspace of this state had it encrypted
        where = keys.source()
        found = f"than the one in {where}" if key else f"and there is none in {where}"
        raise StateError(
            f"the state was written with another key {found}: put that key back (KARDIA_STATE_KEY, or "
            f"{keys.key_file}). Nothing was compared, nothing was sent. If it is lost for good, "
            "move the state away and run apply --settle-first: patients are matched by mrn again"
        )
    return key or (keys.fingerprints(create=True) if create else b"")
