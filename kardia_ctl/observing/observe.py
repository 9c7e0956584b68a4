"""Sends the reads of a ``ReadPlan`` and gathers the results as an ``Observed``."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import filterfalse

from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.refresh import ListHead
from kardia_ctl.model.configuration import ScanPolicy, Setting
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.template import LiveTemplate
from kardia_ctl.observing.look_up import look_up
from kardia_ctl.observing.positions import Positions
from kardia_ctl.observing.read_plan import PAGE, ReadPlan
from kardia_ctl.observing.scan import Keep, Scan, scan

_FORBIDDEN = 403
_NOT_READABLE = (_FORBIDDEN, 404)
_SUCCESS = 2
"""The hundreds of a status whose answer came and proves nothing."""
_SAMPLE = 10
"""How many ids missing from the list are read first, to tell a lagging list from a wrong account."""


@dataclass(frozen=True, slots=True)
class PeopleFacts:
    """The facts about a read of patients, beside the patients; see ``Observed``.

    ``reads`` is the number of requests that reading all of them needs.
    """

    coverage: Coverage = Coverage.NOT_READ
    missing: frozenset[str] = frozenset()
    total: int | None = None
    detail: str = ""
    reads: int = 0
    newest: str = ""
    page: int = PAGE
    above: Mapping[str, frozenset[str]] = field(default_factory=dict)
    head: ListHead | None = None
    read_by_id: int = 0


async def observe(
    reader: Reader,
    read_plan: ReadPlan,
    policy: ScanPolicy = ScanPolicy.COUNT,
    *,
    look_up_all: bool = False,
    keep: Keep = tuple,
) -> Observed:
    """Send the reads and gather their results.

    Args:
        reader: Safe reads only.
        read_plan: The reads to send.
        policy: What proves a scan.
        look_up_all: Read every recorded id that is missing from a scan, even when the sample is gone.
        keep: Maps a page's patients to those that are kept in memory.

    Raises:
        ApiError: a read failed, or its response was not valid.
    """
    everyone, people = await _people(reader, read_plan, policy, keep, look_up_all=look_up_all)
    return await gathered(reader, read_plan, everyone, people)


async def gathered(
    reader: Reader, read_plan: ReadPlan, everyone: Mapping[str, LivePatient], people: PeopleFacts
) -> Observed:
    """The observation of some patients, by id, and of all that is not a patient.

    Raises:
        ApiError: a read failed, or its response was not valid.
    """
    settings, refused = await _settings(reader, read_plan.settings)
    templates = await _templates(reader) if read_plan.templates else None
    recordings = await _recordings(
        reader, [patient_id for patient_id in read_plan.recordings if patient_id in everyone]
    )
    by_mrn = {live.mrn: live for live in everyone.values()}
    twins = _twins(everyone) if len(by_mrn) < len(everyone) else {}
    by_mrn.update((mrn, several[0]) for mrn, several in twins.items())  # independent of the list's order
    return Observed(
        patients=by_mrn,
        twins=twins,
        by_id=_by_id(everyone, by_mrn, read_plan),
        missing=people.missing,
        coverage=people.coverage,
        detail=people.detail,
        total=people.total,
        newest=people.newest,
        page=people.page,
        above=people.above,
        settings=settings,
        refused=refused,
        templates=templates,
        reads=people.reads + len(read_plan.settings) + (templates is not None) + len(recordings),
        recordings=recordings,
        head=people.head,
        read_by_id=people.read_by_id,
    )


async def with_templates(reader: Reader, observed: Observed) -> Observed:
    """The observation with the templates, which are read now."""
    return replace(observed, templates=await _templates(reader), reads=observed.reads + 1)


async def _templates(reader: Reader) -> tuple[LiveTemplate, ...]:
    """The templates; none where the key may not read them: then only codes cannot be issued."""
    try:
        return await reader.templates()
    except ApiError as error:
        if error.status in _NOT_READABLE:
            return ()
        raise


async def _recordings(reader: Reader, patient_ids: Collection[str]) -> dict[str, int | None]:
    """The number of recordings per patient id; None where it is not proven."""
    return {patient_id: await count_recordings(reader, patient_id) for patient_id in patient_ids}


async def count_recordings(reader: Reader, patient_id: str) -> int | None:
    """How many recordings a patient has; None unless it is proven: the key may not read them, or cannot tell.

    Raises:
        ApiError: there was no answer to the question.
    """
    try:
        return await reader.recordings(patient_id)
    except ApiError as error:
        answered = error.status in _NOT_READABLE or (error.status or 0) // 100 == _SUCCESS
        if error.stops or not answered:
            raise
        return None


async def _people(
    reader: Reader, read_plan: ReadPlan, policy: ScanPolicy, keep: Keep, *, look_up_all: bool
) -> tuple[dict[str, LivePatient], PeopleFacts]:
    if read_plan.scan:
        positions = Positions(reader, read_plan.marks)
        seen = await scan(positions, policy, keep)
        everyone, people = await _scanned(reader, read_plan, seen, look_up_all=look_up_all)
        return everyone, replace(people, page=positions.page, above=positions.above())
    if not read_plan.ids:
        return {}, PeopleFacts()
    found, missing = await look_up(reader, read_plan.ids)
    people = PeopleFacts(coverage=Coverage.BY_ID, missing=missing, reads=len(read_plan.ids))
    if missing & read_plan.deleted:
        return await _confirmed(reader, policy, keep, found, people)
    return found, people


async def _confirmed(
    reader: Reader, policy: ScanPolicy, keep: Keep, found: dict[str, LivePatient], people: PeopleFacts
) -> tuple[dict[str, LivePatient], PeopleFacts]:
    """A deletion seems to be over: one 404 may be transient, so the list is read too.

    A scan that is not proven says nothing about anybody, and only its requests are counted.
    """
    seen = await scan(reader, policy, keep)
    reads = people.reads + seen.requests
    if not seen.proven:
        return found, replace(people, reads=reads)
    seen.patients.update(found)
    missing = people.missing.difference(seen.patients)
    people = PeopleFacts(Coverage.PROVEN, missing, seen.total, reads=reads, newest=seen.newest)
    return seen.patients, people


async def _scanned(
    reader: Reader, read_plan: ReadPlan, seen: Scan, *, look_up_all: bool
) -> tuple[dict[str, LivePatient], PeopleFacts]:
    """Lists can lag: a recorded id missing from the list counts as live until a read by id shows otherwise.

    When many are missing, ten are read first. If none of these exists, a wrong account is more likely than a
    lagging list: the others are not read, which blocks them.
    """
    unseen = sorted(filterfalse(seen.patients.__contains__, read_plan.ids))
    many = not look_up_all and len(unseen) > max(_SAMPLE, len(read_plan.ids) // 10)
    sample = unseen[:_SAMPLE] if many else unseen
    found, missing = await look_up(reader, sample)
    if many and found:
        more, gone = await look_up(reader, unseen[_SAMPLE:])
        found, missing, sample = found | more, missing | gone, unseen
    seen.patients.update(found)
    coverage = Coverage.PROVEN if seen.proven else Coverage.INCOMPLETE
    people = PeopleFacts(
        coverage,
        missing=missing,
        total=seen.total,
        detail=seen.detail,
        reads=seen.requests + len(sample),
        newest=seen.newest,
        head=None if found else seen.head,  # else the list lags: it is not everybody
    )
    return seen.patients, people


async def _settings(
    reader: Reader, addresses: Collection[Address]
) -> tuple[dict[Address, Setting | None], frozenset[Address]]:
    """The resources at some addresses, and the addresses that the key may not read."""
    found: dict[Address, Setting | None] = {}
    refused = set()
    for address in addresses:
        read = SETTINGS[address.kind].read
        try:
            attributes = None if read is None else await read(reader)
        except ApiError as error:
            if error.status != _FORBIDDEN:
                raise
            refused.add(address)
            continue
        found[address] = None if attributes is None else Setting(address, attributes)
    return found, frozenset(refused)


def _twins(everyone: Mapping[str, LivePatient]) -> dict[str, tuple[LivePatient, ...]]:
    found: defaultdict[str, list[LivePatient]] = defaultdict(list)
    for live in everyone.values():
        found[live.mrn].append(live)
    return {
        mrn: tuple(sorted(several, key=lambda live: live.id))
        for mrn, several in found.items()
        if len(several) > 1
    }


def _by_id(
    everyone: Mapping[str, LivePatient], by_mrn: Mapping[str, LivePatient], read_plan: ReadPlan
) -> dict[str, LivePatient]:
    """Known ids that are not found under their mrn: twins, and patients whose mrn changed."""
    found = {}
    for patient_id, mrn in read_plan.known:
        shown = by_mrn.get(mrn)
        if shown is None or shown.id != patient_id:  # rare, so few patients need a second lookup
            live = everyone.get(patient_id)
            if live is not None and live is not shown:
                found[patient_id] = live
    return found
