"""What the verbs of ``kardia-ctl state`` write to the audit log."""

import os
from typing import Any
from uuid import uuid4

from kardia_ctl.cli.account.run_origin import run_origin
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.naming import keyed
from kardia_ctl.model.address import Address
from kardia_ctl.operations.audit_trail import AuditTrail
from kardia_ctl.timing import system_instant


def note(workspace: Workspace, operation: str, *addresses: Address, **values: Any) -> None:
    """Record that a person changed the state by hand. The lock is held.

    Raises:
        StateError: it cannot be recorded.
    """
    keys = workspace.keys
    pseudonyms = keyed(keys.review(keys.fingerprints()))
    name = workspace.configuration.workspace
    trail = AuditTrail(str(uuid4()), name, pseudonyms.shown, lambda: system_instant().wall)
    workspace.store.commit([trail.changed(operation, run_origin(os.environ), addresses, **values)])
