"""What an apply keeps of itself: a snapshot of the state before it, and entries of the audit log."""

import os
from uuid import uuid4

from kardia_ctl.cli.account.run_origin import run_origin
from kardia_ctl.cli.commands.apply.arguments import ApplyArguments
from kardia_ctl.cli.naming import keyed
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.results import Report
from kardia_ctl.operations.audit_trail import AuditTrail
from kardia_ctl.operations.plan import Preview
from kardia_ctl.state.snapshots import keep_snapshot


def trail_of(arguments: ApplyArguments, preview: Preview) -> AuditTrail:
    """The audit trail of an apply."""
    workspace = arguments.workspace
    shown = keyed(workspace.keys.review(preview.inputs.key)).shown
    return AuditTrail(str(uuid4()), workspace.configuration.workspace, shown, arguments.clock.now)


def begin(arguments: ApplyArguments, preview: Preview, trail: AuditTrail) -> None:
    """Keep a snapshot and record that the run begins, before anything is sent.

    Raises:
        StateError: it cannot be recorded.
    """
    store, name = arguments.workspace.store, arguments.workspace.configuration.workspace
    keep_snapshot(store, name, preview.inputs.state.serial, "apply", arguments.clock.now())
    store.commit(
        [
            trail.began(
                "apply",
                {**run_origin(os.environ), **arguments.second.entry},
                _approval(arguments),
                preview.plan,
            )
        ]
    )


def end(arguments: ApplyArguments, trail: AuditTrail, report: Report) -> None:
    """Record how the run ended; a failure is only a warning, because the run itself is over."""
    try:
        arguments.workspace.store.commit([trail.ended(report)])
    except StateError as error:
        arguments.reporter.warn(f"the end of the run was not recorded in the audit log: {error}")


def _approval(arguments: ApplyArguments) -> str:
    if arguments.expected is not None:
        return "--expect-digest"
    if arguments.saved is not None:
        return f"saved plan {arguments.saved.id}"
    return "--auto-approve" if arguments.approved else "confirmed at the terminal"
