"""The look at the end: whether everybody whom a run created is live exactly once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import ScanPolicy
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import Action
from kardia_ctl.model.results import Result, Status
from kardia_ctl.observing.head import Head, Since, read_head, shown
from kardia_ctl.observing.look_up import look_up
from kardia_ctl.observing.scan import scan
from kardia_ctl.operations.plan import Preview
from kardia_ctl.timing import wait_for_any

_PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between two reads of a patient whom neither the list nor a read by id shows yet."""


async def look_at_end(
    preview: Preview, context: RunContext, created: Mapping[str, Address], deleted: int = 0
) -> tuple[dict[Address, Result], Head | None]:
    """Read the head of the list past what was created, and by id whom it does not show yet.

    Where totalCount says more newcomers than these, the whole list is read; ``deleted`` is how many deletions
    of the run were accepted. ``created`` has, by id, the address of whom the run created.

    Nothing is read by a run that created nobody or that was stopped. A failed read stops the run: what was
    created has not been seen.

    Returns:
        A new result for each create of which the account shows something else than one patient, and the head
        of the list as it was read.
    """
    if not created or context.stop_signal.reason:
        return {}, None
    try:
        live, head = await _look(context, _since(preview, created, deleted), preview.inputs.scan)
    except ApiError as error:
        context.stop_signal.set(
            f"the look at what was created failed: {error}. Plan again: it shows whether each exists once"
        )
        return {}, None
    return dict(_findings(created, live)), head


def _since(preview: Preview, created: Mapping[str, Address], deleted: int) -> Since:
    observed = preview.observed
    total = observed.total if preview.inputs.scan is ScanPolicy.COUNT else None
    return Since(created.keys(), frozenset(shown(observed)), total, deleted)


async def _look(context: RunContext, since: Since, policy: ScanPolicy) -> tuple[dict[str, LivePatient], Head]:
    """Whoever is new in the account, as far as it shows them. Where somebody stays unseen, the run stops."""
    head = await read_head(context.reader, since)
    live = head.patients | await _look_up(sorted(since.created - head.patients.keys()), context)
    unseen = head.unseen - (len(live) - len(head.patients))
    if unseen <= 0 or context.stop_signal.reason:
        return live, head
    whole = await scan(context.reader, policy)
    if not whole.proven:
        context.stop_signal.set(
            f"the look at what was created is not complete: totalCount says {unseen} more new patients than "
            f"the list shows ({whole.detail}). Plan again: it shows whether each exists once"
        )
    return live | {key: one for key, one in whole.patients.items() if key not in since.known}, head


async def _look_up(ids: Iterable[str], context: RunContext) -> dict[str, LivePatient]:
    """Read ids until each is found, or for 15 s: a server may accept a patient before it shows one."""
    found, missing = await look_up(context.reader, sorted(ids))
    for pause in _PAUSES:
        if not missing or context.stop_signal.reason:
            break
        await wait_for_any(context.clock.sleep(pause), context.stop_signal.wait())
        more, missing = await look_up(context.reader, sorted(missing))
        found |= more
    return found


def _findings(
    created: Mapping[str, Address], live: Mapping[str, LivePatient]
) -> Iterator[tuple[Address, Result]]:
    by_mrn: dict[str, list[str]] = {}
    for patient in live.values():
        by_mrn.setdefault(patient.mrn, []).append(patient.id)
    for patient_id, address in created.items():
        others = [other for other in by_mrn.get(address.names[0], ()) if other != patient_id]
        detail = _finding(patient_id, address, live.get(patient_id), others)
        if detail:
            yield address, Result(address, Action.CREATE, Status.DONE, detail, id=patient_id)


def _finding(patient_id: str, address: Address, shown_as: LivePatient | None, others: list[str]) -> str:
    if others:
        return (
            f"it was created as {patient_id}, and {' and '.join(sorted(others))} has the same mrn: somebody "
            f"else created it too. Choose one with id:, and find out who else writes to this account"
        )
    if shown_as is None:
        return (
            "it was created, and neither the list nor a read by its id shows it. Plan again before you rely "
            "on it"
        )
    if shown_as.mrn != address.names[0]:
        return (
            "it was created, and Kardia shows it with another mrn: it may store mrns otherwise than they are "
            "sent. Compare them in Kardia"
        )
    return ""
