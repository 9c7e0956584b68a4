"""Observing an account."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import filterfalse

from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Resource, ScanPolicy
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import LivePatient, Template
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.read_plan import Reading
from kardia_ctl.observing.scan import Keep, Scan, scan

_ABREAST = 8
_FORBIDDEN = 403
_NOT_FOR_THIS_KEY = (_FORBIDDEN, 404)
_SAMPLE = 10
"""How many recorded ids that a list does not show are looked up before it is known that the list lags."""


@dataclass(frozen=True, slots=True)
class _People:
    """What was seen of the patients."""

    coverage: Coverage = Coverage.NOT_READ
    missing: frozenset[str] = frozenset()
    total: int | None = None
    detail: str = ""
    reads: int = 0


async def observe(
    reader: Reader,
    reading: Reading,
    policy: ScanPolicy = ScanPolicy.COUNT,
    *,
    look_up_all: bool = False,
    keep: Keep = tuple,
) -> Observed:
    """Send the reads and gather what they say.

    Args:
        reader: Safe reads only.
        reading: What to read.
        policy: What proves a scan.
        look_up_all: Look up all recorded ids that a scan does not show, even when the first few are gone.
        keep: What is held of a page's patients.

    Raises:
        ApiError: an answer could not be had or understood.
    """
    everyone, people = await _people(reader, reading, policy, keep, look_up_all=look_up_all)
    settings, refused = await _settings(reader, reading.settings)
    templates = await _templates(reader) if reading.templates else None
    recordings = await _recordings(reader, [one for one in reading.recordings if one in everyone])
    by_mrn = {live.mrn: live for live in everyone.values()}
    twins = _twins(everyone) if len(by_mrn) < len(everyone) else {}
    by_mrn.update((mrn, several[0]) for mrn, several in twins.items())  # whatever the list's order is
    return Observed(
        patients=by_mrn,
        twins=twins,
        by_id=_by_id(everyone, by_mrn, reading),
        missing=people.missing,
        coverage=people.coverage,
        detail=people.detail,
        total=people.total,
        settings=settings,
        refused=refused,
        templates=templates,
        reads=people.reads + len(reading.settings) + (templates is not None) + len(recordings),
        recordings=recordings,
    )


async def with_templates(reader: Reader, observed: Observed) -> Observed:
    """The same observation with the templates read beside it."""
    return replace(observed, templates=await _templates(reader), reads=observed.reads + 1)


async def _templates(reader: Reader) -> tuple[Template, ...]:
    """The templates; none where the key may not see them: then no code can be issued, and all else can."""
    try:
        return await reader.templates()
    except ApiError as error:
        if error.status in _NOT_FOR_THIS_KEY:
            return ()
        raise


async def _recordings(reader: Reader, patient_ids: Collection[str]) -> dict[str, int | None]:
    """How many recordings some patients have; None where the key may not see them, or nobody knows."""
    found: dict[str, int | None] = {}
    for patient_id in patient_ids:
        try:
            found[patient_id] = await reader.recordings(patient_id)
        except ApiError as error:
            if error.status not in _NOT_FOR_THIS_KEY:
                raise
            found[patient_id] = None
    return found


async def _people(
    reader: Reader, reading: Reading, policy: ScanPolicy, keep: Keep, *, look_up_all: bool
) -> tuple[dict[str, LivePatient], _People]:
    if reading.scan:
        return await _scanned(reader, reading, await scan(reader, policy, keep), look_up_all=look_up_all)
    if not reading.ids:
        return {}, _People()
    found, missing = await _look_up(reader, reading.ids)
    return found, _People(coverage=Coverage.BY_ID, missing=missing, reads=len(reading.ids))


async def _scanned(
    reader: Reader, reading: Reading, seen: Scan, *, look_up_all: bool
) -> tuple[dict[str, LivePatient], _People]:
    """Lists may lag: a recorded id that the list does not show counts as live until a read by id says no.

    When many are not shown, ten are looked up first. If none of those is there, it is more likely the wrong
    account than a list that lags: the rest is left alone, which blocks them.
    """
    unseen = sorted(filterfalse(seen.patients.__contains__, reading.ids))
    many = not look_up_all and len(unseen) > max(_SAMPLE, len(reading.ids) // 10)
    sample = unseen[:_SAMPLE] if many else unseen
    found, missing = await _look_up(reader, sample)
    if many and found:
        more, gone = await _look_up(reader, unseen[_SAMPLE:])
        found, missing, sample = found | more, missing | gone, unseen
    seen.patients.update(found)
    coverage = Coverage.PROVEN if seen.proven else Coverage.INCOMPLETE
    people = _People(
        coverage, missing=missing, total=seen.total, detail=seen.detail, reads=seen.pages + len(sample)
    )
    return seen.patients, people


async def _look_up(
    reader: Reader, patient_ids: Collection[str]
) -> tuple[dict[str, LivePatient], frozenset[str]]:
    """Read patients by id, a few abreast: those found, and the ids that are not there."""
    waiting = list(patient_ids)
    found: dict[str, LivePatient] = {}
    missing: set[str] = set()

    async def work() -> None:
        while waiting:
            patient_id = waiting.pop()
            live = await reader.patient(patient_id)
            if live is None:
                missing.add(patient_id)
            else:
                found[patient_id] = live

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_ABREAST, len(waiting))):
                group.create_task(work())
    except* ApiError as failures:
        raise failures.exceptions[0] from failures
    return found, frozenset(missing)


async def _settings(
    reader: Reader, addresses: Collection[Address]
) -> tuple[dict[Address, Resource | None], frozenset[Address]]:
    """What is set at some addresses, and those that the key may not read: the others go on without them."""
    found: dict[Address, Resource | None] = {}
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
        found[address] = None if attributes is None else Resource(address, attributes)
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
    everyone: Mapping[str, LivePatient], by_mrn: Mapping[str, LivePatient], reading: Reading
) -> dict[str, LivePatient]:
    """Known ids that their own mrn does not lead to: twins, and patients whose mrn changed."""
    found = {}
    for patient_id, mrn in zip(reading.ids, reading.mrns, strict=True):
        shown = by_mrn.get(mrn)
        if shown is None or shown.id != patient_id:  # seldom, so that hardly anybody is looked up twice
            live = everyone.get(patient_id)
            if live is not None and live is not shown:
                found[patient_id] = live
    return found
