"""What an apply does before it plans: waiting, a person's decisions about doubts, and its inputs."""

from dataclasses import replace

from kardia_ctl.cli.account.fingerprint_key import state_key
from kardia_ctl.cli.commands.apply.arguments import ApplyArguments
from kardia_ctl.cli.files import saved_plan as plan_files
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.ports import Reader
from kardia_ctl.operations.assume import assume
from kardia_ctl.operations.plan import Preview
from kardia_ctl.operations.tenant import require_tenant
from kardia_ctl.planning.decided.assumptions import assumptions
from kardia_ctl.planning.inputs import PlanInputs, inputs_of


async def wait_first(arguments: ApplyArguments) -> None:
    """Wait until no earlier request can still take effect (``--settle-first``)."""
    seconds = arguments.workspace.configuration.settle
    print_message(f"Waiting {seconds:g} s for requests that may still take effect.")
    await arguments.clock.sleep(seconds)


async def record_assumptions(arguments: ApplyArguments, reader: Reader) -> Observed | None:
    """Record what a person decided about requests in doubt, with the expected tenant's key alone."""
    inputs = inputs_for(arguments)
    absent, created = arguments.assume_absent, arguments.assume_created
    if not assumptions(inputs.state, absent, created):
        return None
    inputs = await require_tenant(reader, inputs)
    assume(arguments.workspace.store, absent, created)
    return inputs.observed


def inputs_for(arguments: ApplyArguments) -> PlanInputs:
    """What the plan of an apply is made from, with the state as it is now.

    Raises:
        PlanRefused: the saved plan does not belong to it.
        StateError: the state cannot be read, or was written with another key.
    """
    workspace = arguments.workspace
    state = workspace.store.load()
    if arguments.saved is not None:
        now, max_age = arguments.clock.now(), arguments.max_age
        plan_files.check_bound(
            arguments.saved, arguments.plan_key, workspace, state, now=now, max_age=max_age
        )
    key = state_key(workspace, state)
    moment = arguments.clock.instant()
    inputs = inputs_of(workspace.configuration, state, moment, key, arguments.decisions)
    return replace(inputs, digest_key=arguments.digest_key)


def with_key(arguments: ApplyArguments, preview: Preview) -> Preview:
    """The preview with a key of fingerprints, made now where there is none.

    Only a run that goes on makes one: other keys are derived from it, so that after a refusal no saved plan
    and no digest would hold any more.

    Raises:
        RunStopped: it cannot be written.
    """
    inputs = preview.inputs
    key = inputs.key or state_key(arguments.workspace, inputs.state, create=True)
    return replace(preview, inputs=replace(inputs, key=key))
