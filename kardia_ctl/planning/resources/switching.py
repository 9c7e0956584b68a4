"""Another template than the one that was ordered: a cancel and a new order, as a person asks for.

================================================  =====================================================
what is asked for                                 the code of the other template
================================================  =====================================================
nothing                                           blocked; the reason has the whole way
a departure that disconnects, beside the patient  not sent: this run cancels the order
the same, once it is done                         issued, as nothing is ordered any more
================================================  =====================================================

Where the API shows no status, a person also says that the old order is over, with ``state forget``. Without
an order to cancel, a departure beside its patient does nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Departure, DepartureAction
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs

_CANCELLED: Final = {
    Action.DISCONNECT: "no longer declared; the disconnect in this plan cancels its order",
    Action.DELETE: "no longer declared; the deletion in this plan ends its order",
}
"""Why a code is forgotten, by what the same plan does to its patient."""


def switch(
    inputs: PlanInputs,
    address: Address,
    ordered: Sequence[str],
    builder: PlanBuilder,
    *,
    id: str,  # noqa: A002 - as in ``Change``
    blocked: bool,
    source: Source,
) -> None:
    """Decide a code while another template is ordered.

    Args:
        inputs: The inputs of the plan.
        address: The code's address.
        ordered: The names of the templates that are ordered and no longer declared.
        builder: The plan so far.
        id: The live id of the patient.
        blocked: Whether nothing may be sent for the patient.
        source: Where the patient is declared.
    """
    mrn, names = address.names[0], " and ".join(ordered)
    builder.switching.add(mrn)
    was_done = inputs.state.has_done(id, DepartureAction.DISCONNECT)
    if not (was_done or blocked) and any(_cancels(departure, mrn) for departure in inputs.desired.departures):
        text = f"the order of {names} is cancelled first; once that is done, apply again, which issues it"
        builder.notice(NoticeKind.NOT_SENT, text, address, source)
        builder.keep(address)
        return
    way = _way(inputs, mrn, ordered, was_done=was_done)
    reason = f"switching templates cancels the current order, of {names}. Declare {names} again, or {way}"
    builder.block(address, Cause.PLAN_CHANGE, reason, source=source)


def _cancels(departure: Departure, mrn: str) -> bool:
    return departure.mrn == mrn and departure.action is DepartureAction.DISCONNECT and not departure.done


def _way(inputs: PlanInputs, mrn: str, ordered: Sequence[str], *, was_done: bool) -> str:
    """How to get to the other template, in order."""
    forget = ""
    if not inputs.capabilities.shows_patients:
        codes = " ".join(f"'{code_address(mrn, name)}'" for name in ordered)
        forget = f"run kardia-ctl state forget {codes}, and "
    if was_done and forget:
        return f"as that order was cancelled, {forget}apply"
    if was_done:
        return (
            "plan again later: the departure was carried out, and Kardia still shows an order. If that stays "
            "so, disconnect the patient in Kardia by hand"
        )
    return (
        "change it in two steps: 1. leave the patient here, add an entry under departures with its mrn, "
        f"action: disconnect and a reason, and apply, which cancels the order; 2. {forget}apply again, which "
        "issues this code"
    )


def undeclared(status: str | None, *, was_cancelled: bool) -> str:
    """Why a code is forgotten, with what becomes of its order, as far as that is known.

    ``status`` is the connection status, None where it is not known; ``was_cancelled`` is whether an earlier
    run disconnected the patient.
    """
    if status == "none":
        return "no longer declared; Kardia shows no order any more"
    if status is None and was_cancelled:
        return "no longer declared"
    return "no longer declared; the order stays as it is in Kardia"


def with_cancelled_orders(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes of a plan, where the codes whose orders this very plan cancels say so."""
    changes = tuple(changes)
    leaving = {
        (change.address.names[0], change.id): _CANCELLED[change.action]
        for change in changes
        if change.address.kind is Kind.PATIENT and change.action in _CANCELLED
    }
    if not leaving:
        return changes

    def said(change: Change) -> Change:
        if change.address.kind is not Kind.CONNECTION_CODE or change.action is not Action.FORGET:
            return change
        reason = leaving.get((change.address.names[0], change.id), change.reason)
        return replace(change, reason=reason)

    return tuple(map(said, changes))


def may_cancel(departure: Departure, builder: PlanBuilder) -> bool:
    """Whether a patient who stays declared is disconnected now: only to cancel an order for another one."""
    address = patient_address(departure.mrn)
    if any(change.address == address for change in builder.changes):
        text = "its departure waits until the patient is managed and as declared; then plan again"
    elif departure.mrn in builder.switching:
        builder.unchanged[Kind.PATIENT].remove((departure.mrn,))
        return True
    else:
        text = (
            "the patient has a departure and is declared too, and has no order that another one replaces: "
            "nothing is sent for the departure. Remove it, or the patient where it is declared"
        )
    builder.notice(NoticeKind.WARNING, text, address, departure.source)
    return False
