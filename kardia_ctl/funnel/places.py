"""The stage of each patient, and the counts of each cohort. Pure: needs only what plan reads."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kardia_ctl.kinds.connection_code import OLD_AFTER
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.funnel import Counts, Place, Stage
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Cause
from kardia_ctl.model.state import Record, State
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import match

_DELETE: Final = DepartureAction.DELETE


def places(inputs: PlanInputs, before: State | None = None) -> Iterator[Place]:
    """The place of every declared patient, then of every departed one.

    ``before`` is the state at the time of the observation, when the inputs' is a later one: a code that
    it lacks was issued since, and is not used yet.
    """
    records, codes = inputs.state.patients, inputs.state.codes
    for mrn, want in inputs.desired.patients.items():
        record = records.get(mrn)
        exists, live = _look(inputs, want, record)
        latest, fresh = None, False
        if mrn in codes:
            owner = live.id if live is not None else "" if record is None else record.id
            latest = _latest(codes[mrn], owner)
            fresh = before is not None and codes[mrn] != before.codes.get(mrn)
        status = None if live is None else live.status
        stage = _stage(status, latest, inputs.now.wall, fresh=fresh) if exists else Stage.WAITING
        yield Place(mrn, want.cohort, stage, latest or 0)
    yield from _departed(inputs)


def _look(inputs: PlanInputs, want: DesiredPatient, record: Record | None) -> tuple[bool, LivePatient | None]:
    """Whether a patient exists in Kardia, and the live patient where it was observed."""
    observed = inputs.observed
    live = observed.patients.get(want.mrn)
    if live is not None and record is not None and record.id == live.id and not want.id:
        plain = want.mrn not in observed.twins and live.id not in inputs.state.departed
        if plain:  # most patients, and matching is several times slower
            return True, live
    found = match(inputs, want, record)
    recorded = record is not None and record.id != "" and not inputs.state.has_done(record.id, _DELETE)
    unseen = found.cause is Cause.DUPLICATE_MRN or (found.cause is Cause.SCAN_INCOMPLETE and recorded)
    return found.live is not None or unseen, found.live


def _latest(known: Mapping[str, Record], owner: str) -> int | None:
    """When a patient's latest code was issued, forgotten ones included; an earlier patient's do not count."""
    latest = None
    for code in known.values():
        if code.id in ("", owner) and (latest is None or code.at > latest):
            latest = code.at
    return latest


def _stage(status: str | None, latest: int | None, now: float, *, fresh: bool) -> Stage:
    """The stage of a patient who exists, by the table of codes in ``kinds/connection_code.py``."""
    if status == "connected":
        return Stage.CONNECTED
    if latest is not None and fresh:
        return Stage.PENDING
    if status == "pending":
        return Stage.EXPIRED if latest is not None and now - latest > OLD_AFTER else Stage.PENDING
    if latest is None:
        return Stage.CREATED
    return Stage.EXPIRED if status == "none" else Stage.UNKNOWN


def _departed(inputs: PlanInputs) -> Iterator[Place]:
    """Patients whom a departure disconnected or deleted and who are not declared. State has their cohort."""
    desired, state = inputs.desired, inputs.state
    done = {departure.mrn for departure in desired.departures if departure.done}
    if not state.departed and not done:
        return
    for mrn, record in state.patients.items():
        departed = mrn in done or (record.id and state.has_done(record.id, *DepartureAction))
        if mrn not in desired.patients and departed:
            yield Place(mrn, record.cohort, Stage.DEPARTED)
    for departure in desired.departures:
        departed = departure.mrn in done or state.has_done(departure.id, *DepartureAction)
        if departure.mrn not in state.patients and departed:
            yield Place(departure.mrn, "", Stage.DEPARTED)


_IN_KARDIA: Final = frozenset({Stage.CREATED, Stage.PENDING, Stage.CONNECTED, Stage.EXPIRED, Stage.UNKNOWN})
_ORDERED: Final = _IN_KARDIA - {Stage.CREATED}


def funnel(found: Iterable[Place]) -> Mapping[str, Counts]:
    """The counts of each cohort by its name, in order; those in no cohort under the empty name."""
    tallies: dict[str, dict[Stage, int]] = {}
    for place in found:
        tally = tallies.get(place.cohort)
        if tally is None:
            tally = tallies[place.cohort] = dict.fromkeys(Stage, 0)
        tally[place.stage] += 1
    return {cohort: _counts(tallies[cohort]) for cohort in sorted(tallies)}


def _counts(tally: Mapping[Stage, int]) -> Counts:
    departed = tally[Stage.DEPARTED]
    return Counts(
        declared=sum(tally.values()) - departed,
        created=sum(tally[stage] for stage in _IN_KARDIA),
        issued=sum(tally[stage] for stage in _ORDERED),
        pending=tally[Stage.PENDING],
        connected=tally[Stage.CONNECTED],
        expired=tally[Stage.EXPIRED],
        unknown=tally[Stage.UNKNOWN],
        departed=departed,
    )
