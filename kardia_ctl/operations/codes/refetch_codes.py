"""Fetch issued codes again. Each request can have an effect, so it is sent as a write."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from kardia_ctl.applying.change import Sender
from kardia_ctl.applying.executor import execute_wave
from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.model.address import Address, code_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind, Plan, Requests
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.results import Result, results_in_order
from kardia_ctl.observing.observe import with_templates
from kardia_ctl.operations.plan import Preview
from kardia_ctl.planning.apply_stages import Wave, stages_of
from kardia_ctl.planning.decided.firing import FiringDecisions
from kardia_ctl.planning.templates import resolve

_UNSAFE = (NoticeKind.NOT_SENT, NoticeKind.UNVERIFIABLE, NoticeKind.EXPIRED)


@dataclass(frozen=True, slots=True)
class Refetch:
    """The codes to fetch, as a plan.

    Attributes:
        plan: Its changes are the requests.
        preview: What the plan was made from, with the templates.
        issued: When each code was issued, in Unix seconds.
        left_out: Declared codes that are not fetched, because that could be a new order: the patient is
            disconnected, state records no order, or the code may have expired.
    """

    plan: Plan
    preview: Preview
    issued: dict[Address, int]
    left_out: tuple[Address, ...]

    def only(self, is_wanted: Callable[[Address], bool]) -> "Refetch":
        """This refetch, restricted to the wanted addresses."""
        changes = tuple(change for change in self.plan.changes if is_wanted(change.address))
        requests = replace(self.plan.requests, writes=len(changes))
        left_out = tuple(address for address in self.left_out if is_wanted(address))
        return replace(self, plan=replace(self.plan, changes=changes, requests=requests), left_out=left_out)

    def not_issued(self, wanted: Iterable[Address]) -> tuple[Address, ...]:
        """Those of some addresses that are neither fetched nor left out: they were not issued yet."""
        known = {*self.left_out, *(change.address for change in self.plan.changes)}
        return tuple(sorted(set(wanted) - known, key=lambda address: address.order))


async def plan_refetch(reader: Reader, preview: Preview) -> Refetch:
    """Plan to fetch every code that is declared, recorded and in use.

    Reads the templates unless the plan has them: they hold the price, and the key's tenant.

    Raises:
        ApiError: the templates could not be read.
    """
    unchanged = preview.plan.unchanged.get(Kind.CONNECTION_CODE, ())
    if preview.observed.templates is None and unchanged:
        observed = await with_templates(reader, preview.observed)
        preview = replace(preview, inputs=replace(preview.inputs, observed=observed))
    state, desired = preview.inputs.state, preview.inputs.desired
    templates = resolve(desired.templates, preview.observed.templates)
    unsafe = {notice.address for notice in preview.plan.notices if notice.kind in _UNSAFE}
    changes, issued, left_out = [], {}, []
    for mrn, label in unchanged:
        address, template = code_address(mrn, label), templates[label].id
        record = state.codes.get(mrn, {}).get(template)
        if record is None or address in unsafe:
            left_out.append(address)
            continue
        patient_id = record.id or state.patients[mrn].id
        changes.append(Change(address, Action.CREATE, Cause.DECLARED, id=patient_id, target=template))
        issued[address] = record.at
    requests = Requests(preview.plan.requests.spent, preview.plan.requests.reads, len(changes))
    labels = sorted({change.address.names[1] for change in changes})
    terms = tuple(templates[label] for label in labels)
    plan = replace(preview.plan, changes=tuple(changes), requests=requests, templates=terms)
    return Refetch(plan, preview, issued, tuple(left_out))


async def fetch_codes(refetch: Refetch, context: RunContext) -> tuple[Result, ...]:
    """Fetch the codes.

    Raises:
        StateError: state could not be written; requests in flight are durable in it as intents.
    """
    inputs = replace(refetch.preview.inputs, waves=None, firing=FiringDecisions())  # it uses no decision
    sender = Sender(inputs, context, refetch.issued)
    results: list[Result] = []
    for stage in stages_of(inputs, refetch.plan.changes):
        if isinstance(stage, Wave):
            results += await execute_wave(stage, sender, context)
    return results_in_order(results)
