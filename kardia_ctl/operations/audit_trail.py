"""What an apply writes to the audit log: one entry when it begins, one for each request, one at its end.

An entry says who ran what from where, with which approval, and how it ended. It holds no patient's values; an
mrn is a pseudonym, and reasons that a server worded are left out.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Action, Plan
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.model.state import Audited


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The entries of one run.

    Attributes:
        run: The run's id, the same in all its entries.
        workspace: The name of the workspace.
        shown: An address as everybody may read it.
        now: Unix seconds.
    """

    run: str
    workspace: str
    shown: Callable[[Address], str]
    now: Callable[[], float]

    def began(self, operation: str, origin: Mapping[str, str], approval: str, plan: Plan) -> Audited:
        """The entry of a run that begins: who, from where (``origin``), with which approval, what for."""
        planned = {str(action): plan.count(action) for action in Action if plan.count(action)}
        return self._entry(
            operation,
            workspace=self.workspace,
            **origin,
            approval=approval,
            digest=plan.digest,
            planned=planned,
        )

    def changed(
        self, operation: str, origin: Mapping[str, str], addresses: Iterable[Address], **values: Any
    ) -> Audited:
        """The entry of a change that a person made to state by hand."""
        shown = [self.shown(address) for address in addresses]
        if shown:
            values["addresses"] = shown
        return self._entry(operation, workspace=self.workspace, **origin, **values)

    def wrote(self, result: Result) -> Iterator[Audited]:
        """The entry of one request; none when nothing was sent."""
        if result.status is not Status.SKIPPED:
            yield self._entry(
                "write",
                address=self.shown(result.address),
                action=str(result.action),
                outcome=str(result.status),
            )

    def ended(self, report: Report) -> Audited:
        """The entry of a run that came to its end, or was stopped in good order."""
        return self._entry(
            "end",
            outcome={str(status): report.count(status) for status in Status},
            requests=report.reads + report.writes,
            interrupted=report.interrupted,
        )

    def _entry(self, event: str, **values: Any) -> Audited:
        at = datetime.fromtimestamp(self.now(), tz=UTC).isoformat(timespec="milliseconds")
        entry = {"at": at.replace("+00:00", "Z"), "run": self.run, "event": event, **values}
        return Audited(json.dumps(entry, separators=(",", ":"), ensure_ascii=False))
