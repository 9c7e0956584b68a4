"""Observes an account by one page of its list, and by id whom a plan would change (``--refresh head``)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.refresh import ListHead, ProvenList
from kardia_ctl.model.configuration import Desired, ScanPolicy
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import PatientsPage
from kardia_ctl.model.plan import Action
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import State
from kardia_ctl.observing.assumed import assumed_patients
from kardia_ctl.observing.look_up import look_up
from kardia_ctl.observing.observe import PeopleFacts, gathered
from kardia_ctl.observing.read_plan import PAGE, ReadPlan
from kardia_ctl.observing.recorded_list import objection, recorded_ids

_NOTHING: Final = ProvenList(ListHead(0, 0, ()), "")


@dataclass(frozen=True, slots=True)
class Unproven:
    """Why the head of the list is not enough: everything has to be read."""

    reason: str


@dataclass(frozen=True, slots=True)
class HeadInputs:
    """What a look at the head is compared with.

    Attributes:
        desired: What is declared.
        state: What is recorded.
        key: The key of the fingerprints.
        decided: The codes and users to issue or create again: their patients are read by id.
        scan: What proves a scan.
    """

    desired: Desired
    state: State
    key: bytes
    decided: Collection[Address]
    scan: ScanPolicy


async def observe_head(reader: Reader, read_plan: ReadPlan, inputs: HeadInputs) -> Observed | Unproven:
    """Read the head of the list and by id whom the plan would change.

    Args:
        reader: Safe reads only.
        read_plan: The reads that would give the plan everything.
        inputs: What is compared.

    Raises:
        ApiError: a read failed.
    """
    if reason := _unfit(inputs, read_plan):
        return Unproven(reason)
    proven = inputs.state.proven or _NOTHING
    assumed = assumed_patients(inputs.desired, inputs.state, inputs.key, inputs.decided)
    for patient_id in proven.absent:
        assumed.pop(patient_id, None)
    if not read_plan.scan and len(read_plan.ids) <= 1 + sum(one not in assumed for one in read_plan.ids):
        return Unproven("no more requests read all that the plan needs")
    page = await reader.patients(PAGE, None)
    rows = {live.id: live for live in page.patients}
    unread = [one for one in dict.fromkeys(read_plan.ids) if one not in assumed and one not in rows]
    reason = objection(proven, page, recorded_ids(inputs.state))
    if not reason and len(unread) >= _pages(page):
        reason = f"{len(unread)} patients would be read by id, and the list is {_pages(page)} pages"
    if reason:
        return Unproven(reason)
    found, missing = await look_up(reader, unread)
    if not found.keys().isdisjoint(proven.absent):
        return Unproven("a patient who was not in the last proven scan is live")
    people = PeopleFacts(
        Coverage.HEAD,
        missing=missing,
        total=page.total,
        reads=_pages(page) if read_plan.scan else len(read_plan.ids),
        newest=page.patients[0].id,
        page=_size(page),
        read_by_id=len(unread),
    )
    return await gathered(reader, read_plan, assumed | rows | found, people)


def _unfit(inputs: HeadInputs, read_plan: ReadPlan) -> str:
    """Why the head of the list cannot prove anything, before it is read; empty when it may."""
    proven, intents = inputs.state.proven, inputs.state.intents.values()
    if not (read_plan.scan or read_plan.ids):
        reason = "no patient has to be read"
    elif inputs.scan is not ScanPolicy.COUNT:
        reason = "scan: agree-twice is declared, and the head proves nothing without a count"
    elif proven is None:
        reason = "state keeps no proven scan that has counts; an apply that acts keeps one"
    elif not proven.newest:
        reason = "nobody was in the last list that a scan proved; an apply that acts keeps the next one"
    elif proven.head.total <= proven.head.rows:
        reason = "all of the list was one page"
    elif any(one.address.kind is Kind.PATIENT and one.operation == Action.CREATE for one in intents):
        reason = "the create of a patient is in doubt"
    else:
        reason = ""
    return reason


def _size(page: PatientsPage) -> int:
    """How many patients a page of this server holds."""
    return PAGE if page.next_cursor is None else len(page.patients)


def _pages(page: PatientsPage) -> int:
    """How many pages the whole list has."""
    return -(-(page.total or 0) // _size(page))
