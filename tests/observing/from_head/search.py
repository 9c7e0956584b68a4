"""Searches small worlds for a plan from the head of the list that says nothing where a full one would.

A world is a list that is scanned, and changes before each request of the scan and before the page that the
plan reads: somebody comes (at the head, or late among the first rows), leaves, or moves to the head. Every
placement of so many events is tried, with the real scan, the real proof and the real planner. All who were in
the list are declared and recorded. Somebody else may be, whom the scan did not show, and somebody whom we
created after it: listed, or not yet. Whoever comes may have the mrn of somebody declared.

The plan from the head is wrong when it has no change and no warning, and the plan of everything, made at the
same moment, has one; or when it takes somebody for live who is not; or when it says "No changes", or does not
say that it does not look for a changed mrn. In some worlds somebody far below the page gets another's mrn in
the portal: that is drift, which the plan of everything alone sees.

    python -m tests.observing.from_head.search --people 4 --page 2 --events 3
"""

import argparse
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar
from unittest.mock import patch

from kardia_ctl.kinds.patient import fingerprints
from kardia_ctl.model.configuration import Desired, ScanPolicy
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import DesiredPatient, LivePatient, PatientsPage
from kardia_ctl.model.plan import NoticeKind, Plan
from kardia_ctl.model.state import PatientRecord, State
from kardia_ctl.observing import head_refresh, scan
from kardia_ctl.observing.head_refresh import HeadInputs, observe_head
from kardia_ctl.observing.observe import PeopleFacts, gathered
from kardia_ctl.observing.read_plan import choose_reads
from kardia_ctl.observing.recorded_list import proven_list, recorded_ids
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.planner import make_plan
from kardia_ctl.render.plan.summary import no_changes
from tests.moments import at
from tests.observing.changing import Changing, Choices, Row, Size
from tests.observing.search import CURSORS, answered_at_once, scanned

KEY: Final = b"an invented key"
OURS: Final = "ours"
"""The id, and the mrn, of whom we created after the scan."""
GONE: Final = "gone"
"""The id, and the mrn, of somebody recorded whom the scan did not show."""

T = TypeVar("T")


@dataclass(slots=True)
class Found:
    """How many worlds there are, for how many the head was enough, and the choices of the wrong ones."""

    worlds: int = 0
    enough: int = 0
    wrong: list[tuple[int, ...]] = field(default_factory=list)


class Lists(Changing):
    """A list whose patients are shown with the mrns and values that are declared.

    With ``twins`` each newcomer has the mrn of the first patient. ``ours`` is the number of whom we created;
    with ``lagging`` they exist and are not listed yet.
    """

    def __init__(self, size: Size, choices: Choices, *, twins: bool) -> None:
        super().__init__(size, choices)
        self._twins = twins
        self._first = size.people
        self.ours: float | None = None
        self.lagging = False
        self.renamed = False

    def create(self) -> None:
        """We create somebody, who stands at the head."""
        rows = self.states[-1]
        self.ours = self._first + len(self.states) + 0.25
        self.states.append((Row(max((row.second for row in rows), default=0) + 1, self.ours), *rows))

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        page = await super().patients(limit, start)
        if start is None:  # who appears late appears above the last of the rows that are kept
            kept = -(-len(page.patients) // 2)
            self._deep.update(self.states[-1][max(0, kept - 1) :])
        return PatientsPage(tuple(map(self._shown_as, page.patients)), page.total, page.next_cursor)

    async def patient(self, patient_id: str) -> LivePatient | None:
        if patient_id == OURS:
            there = self.lagging or (self.ours is not None and str(self.ours) in self.present)
            return live(OURS, OURS) if there else None
        return live(patient_id, self._mrn(patient_id)) if patient_id in self.present else None

    def _shown_as(self, one: LivePatient) -> LivePatient:
        if self.ours is not None and one.id == str(self.ours):
            return live(OURS, OURS)
        return live(one.id, self._mrn(one.id))

    def _mrn(self, patient_id: str) -> str:
        if self.renamed and patient_id == "0":
            return "1"
        return "0" if self._twins and float(patient_id) >= self._first else patient_id

    @property
    def living(self) -> set[str]:
        """The ids of everybody who exists."""
        ids = {OURS if one == str(self.ours) else one for one in self.present}
        return ids | ({OURS} if self.lagging else set())


def live(patient_id: str, mrn: str) -> LivePatient:
    return LivePatient(patient_id, mrn, "2000-07-21", f"{patient_id}@example.com", status="none")


def want(mrn: str) -> DesiredPatient:
    return DesiredPatient(mrn, "2000-07-21", f"{mrn}@example.com", firstname="")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of what waits for nothing."""
    try:
        work.send(None)
    except StopIteration as stopped:
        found: T = stopped.value
        return found
    raise AssertionError("it waits for something")


@contextmanager
def without_a_loop() -> Iterator[None]:
    """Everything is answered when it is sent, while the block runs."""
    with answered_at_once(), patch.object(head_refresh, "look_up", vars(scan)["look_up"]):
        yield


def search(size: Size, *, twins: bool = False) -> Found:
    """Try every world of a size."""
    found, choices = Found(), Choices()
    with without_a_loop():
        while True:
            reader = Lists(size, choices, twins=twins)
            found.worlds += 1
            verdict = _verdict(reader, choices)
            found.enough += verdict is not None
            if verdict:
                found.wrong.append(tuple(choices.taken))
            if not choices.next_world():
                return found


def _verdict(reader: Lists, choices: Choices) -> bool | None:
    """Whether the plan from the head is wrong; None when the head is not enough."""
    proof = scanned(reader)
    if proof.head is None:
        return None
    gone, created = choices.choose(2), choices.choose(3)
    mrns = [
        *(mrn for mrn in proof.patients if mrn.isdecimal() and float(mrn) < reader._first),
        *[GONE] * gone,
    ]
    state = _state(mrns)
    kept = proven_list(proof.head, recorded_ids(state), proof.patients.keys())
    if created:
        mrns.append(OURS)
        reader.lagging = created == 2
        if not reader.lagging:
            reader.create()
    reader.renamed = bool(choices.choose(2))
    desired = Desired(patients={mrn: want(mrn) for mrn in mrns})
    state = replace(_state(mrns), proven=kept, live_count=proof.total)
    inputs = PlanInputs(desired, Observed(), state, at(0.0), KEY)
    read_plan = choose_reads(desired, state)
    asked = HeadInputs(desired, state, KEY, (), ScanPolicy.COUNT)
    seen = at_once(observe_head(reader, read_plan, asked))
    if not isinstance(seen, Observed):
        return None
    assert not {OURS, GONE} & recorded_ids(state) - {*read_plan.ids}
    truth = _everything(reader, inputs)
    plan = make_plan(replace(inputs, observed=seen))
    ghosts = {one.id for one in seen.patients.values()} - reader.living
    said = " ".join(notice.text for notice in plan.notices if notice.kind is NoticeKind.REFRESH)
    if ghosts or "not looked for: drift" not in said or "mrn" not in said or "No changes" in no_changes(plan):
        return True
    return _says_nothing(plan) and not (_says_nothing(truth) or reader.renamed)


def _state(mrns: list[str]) -> State:
    known = {mrn: PatientRecord(mrn, fingerprints(KEY, want(mrn))) for mrn in mrns}
    return State(exists=True, lineage="x", patients=known)


def _says_nothing(plan: Plan) -> bool:
    return plan.is_empty and all(notice.kind is not NoticeKind.WARNING for notice in plan.notices)


def _everything(reader: Lists, inputs: PlanInputs) -> Plan:
    """The plan of everything, at this moment."""
    people = {
        patient_id: found for patient_id in reader.living if (found := at_once(reader.patient(patient_id)))
    }
    missing = frozenset(record.id for record in inputs.state.patients.values()) - people.keys()
    facts = PeopleFacts(Coverage.PROVEN, missing=missing, total=len(people))
    read_plan = choose_reads(inputs.desired, inputs.state)
    return make_plan(replace(inputs, observed=at_once(gathered(reader, read_plan, people, facts))))


def main() -> None:
    """Search one size with every kind of cursor, and print what was found."""
    parser = argparse.ArgumentParser(description="Search small worlds for a wrong plan from the head.")
    for name, default in (("people", 4), ("page", 2), ("events", 2), ("seconds", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name in ("late", "moves", "twins"):
        parser.add_argument(f"--{name}", action="store_true")
    given = vars(parser.parse_args())
    twins = given.pop("twins")
    for cursor in CURSORS:
        found = search(Size(cursor=cursor, **given), twins=twins)
        counts = f"{found.worlds} worlds, {found.enough} with the head alone, {len(found.wrong)} wrongly"
        sys.stdout.write(f"{cursor}: {counts}\n")


if __name__ == "__main__":
    main()
