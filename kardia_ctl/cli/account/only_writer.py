"""What a run does not know of other writers: its state may be the only place that would show them."""

from collections.abc import Mapping

from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.environment import is_ci
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.operations.plan import Preview
from kardia_ctl.planning.checks.stops import patient_count
from kardia_ctl.render.text import count_of
from kardia_ctl.state.open import state_files


def check_state_lasts(workspace: Workspace, environ: Mapping[str, str]) -> None:
    """Check that the state of an apply is not one that a CI job makes and loses.

    The next job would know nothing of what this one ordered, and two jobs at once nothing of each other.

    Raises:
        RunStopped: this is a CI job, and its state is new and not declared, or the key that it would be
            written with is.
    """
    if workspace.account.sandbox or not is_ci(environ):
        return
    if workspace.configuration.state_declared:
        _check_key_lasts(workspace)
    elif not workspace.store.load().exists:
        raise RunStopped(
            "CI is set, and there is no state in .kardia/: a new one would be lost with this job, and two "
            "jobs would not see each other. Nothing was sent. In kardia.yaml, declare a state that outlives "
            "the job (state: sqlite:////kept/directory/state.db, or one in PostgreSQL or an object store), "
            "or keep .kardia/ between jobs, or write state: ephemeral if you know that no other run writes "
            "to this account"
        )


def _check_key_lasts(workspace: Workspace) -> None:
    """Check that the key of the fingerprints outlives the job where the state does."""
    configuration, keys = workspace.configuration, workspace.keys
    if state_files(configuration.state, configuration.root) or keys.encryption() or keys.own_secret():
        return
    raise RunStopped(
        "CI is set, the state is on a server, and there is no key for its fingerprints: one that this job "
        "makes would be lost with it, and the next job could not read what this one recorded. Nothing was "
        "sent. Make one with openssl rand -hex 32, and give it to every job as KARDIA_STATE_KEY; or encrypt "
        "the state, with KARDIA_STATE_ENCRYPTION_KEY"
    )


def unseen_writers(workspace: Workspace, preview: Preview) -> str:
    """What to say before the first write where nothing shows whether others write too; empty otherwise."""
    live = patient_count(preview.inputs)
    if workspace.account.sandbox or preview.inputs.state.exists or not live or not preview.plan.writes:
        return ""
    return (
        f"the state is new, and {count_of(live, 'patient')} {'is' if live == 1 else 'are'} live already: "
        "another run without this state, now or earlier, is not seen. Apply from one place, or share the "
        "state"
    )
