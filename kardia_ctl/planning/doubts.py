"""Whether a create may be sent while earlier creates of the account are in doubt.

| doubts about | until the settle window has passed | after it, with a proven scan |
|---|---|---|
| this mrn, in any workspace of the state | wait | compare with whoever is new |
| this person, or this mrn in another spelling | wait, unless ``--distinct`` | compare with whoever is new |
| a person unknown: no key, or another one | wait, unless ``--distinct`` | compare with whoever is new |

A person is known again by two of birth date, name and e-mail address: one of them may have been corrected
with the mrn.

A server may store what it was sent otherwise. So whoever is new since the doubt began, and is not accounted
for, is compared by folded mrn, folded e-mail address, birth date and name. While one of them may be the
patient in doubt, that patient is not created again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kardia_ctl.fingerprints import key_check
from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.likeness import PERSON_SIZE, Lookalikes, fingerprints_of_person, fold, may_be_one
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause
from kardia_ctl.model.state import Intent
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.settle_window import seconds_left

_NAMED: Final = 3
_WORDS: Final = {
    "mrn": "a like mrn",
    "dob": "a like birth date",
    "email": "the e-mail address",
    "lastname": "the name",
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a create must not be sent now; ``live`` is who might be the patient in doubt, by ``names``."""

    cause: Cause
    reason: str
    live: LivePatient | None = None
    names: tuple[str, ...] = ()


class Doubts:
    """The creates in doubt of the account, in all workspaces of its state."""

    def __init__(self, inputs: PlanInputs) -> None:
        self._inputs = inputs

    def about(self, want: DesiredPatient) -> tuple[Intent, ...]:
        """The creates in doubt that may be of a declared patient."""
        address = patient_address(want.mrn)
        own = self._creates.get(address)
        found = [] if own is None else [own]
        if address not in self._inputs.decisions.distinct and len(self._creates) > len(found):
            person, mrn = self._person(want), fold(want.mrn)
            found += [
                other
                for other, known_mrn in self._others
                if other.address != address and (may_be_one(other.person, person) or known_mrn == mrn)
            ]
            found += [other for other in self._unknown if other.address != address]
        return tuple(found)

    def are_overridden(self, want: DesiredPatient) -> bool:
        """Whether a decision allows a create despite other doubts, or another workspace's record."""
        address = patient_address(want.mrn)
        others = self._creates.keys() - {address}
        decisions = self._inputs.decisions
        return (address in decisions.distinct and bool(others)) or want.mrn in self._elsewhere

    def obstacle(self, want: DesiredPatient) -> Obstacle | None:
        """Why a patient whom a proven scan does not show must not be created now; None when it may be."""
        if (recorded := self._elsewhere.get(want.mrn)) is not None:
            return self._recorded_elsewhere(want, recorded)
        doubts = self.about(want)
        if not doubts:
            return None
        last = max(doubts, key=self._left)
        if (wait := self._left(last)) > 0:
            return Obstacle(Cause.IN_DOUBT, _waiting(want, last, wait))
        if self._is_distinct(patient_address(want.mrn)):
            return None
        alike = list(self._alike(want, doubts))
        return _unsettled(want, doubts, alike) if alike else None

    def _is_distinct(self, address: Address) -> bool:
        """Whether a person says that nobody who is new is this patient.

        A decision of the configuration was made before this create was in doubt: it says nothing of who came
        since.
        """
        inputs = self._inputs
        before = inputs.firing.addresses(DecisionKind.DISTINCT) if address in self._creates else frozenset()
        return address in inputs.given.distinct or address in inputs.decisions.distinct - before

    def _recorded_elsewhere(self, want: DesiredPatient, patient_id: str) -> Obstacle | None:
        """Another workspace has this mrn: its patient counts as live until a read by id says otherwise."""
        address, where = patient_address(want.mrn), "which another workspace of this state records"
        if patient_id not in self._inputs.observed.missing:
            reason = f"the id {patient_id}, {where}, was not read, or has another mrn now. Plan again"
            return Obstacle(Cause.SCAN_INCOMPLETE, reason)
        decisions, standing = self._inputs.decisions, self._inputs.firing.addresses(DecisionKind.RECREATE)
        if address in self._inputs.given.recreate or address in decisions.recreate - standing:
            return None
        reason = (
            f"the patient {patient_id}, {where}, no longer exists in Kardia: deleted elsewhere, perhaps on a "
            f"request for erasure. Remove the patient from the configuration, or create it again: --recreate "
            f"'{address}'"
        )
        return Obstacle(Cause.DELETED_ELSEWHERE, reason)

    @cached_property
    def _elsewhere(self) -> dict[str, str]:
        return {mrn: patient_id for patient_id, mrn in self._inputs.state.elsewhere.items()}

    @cached_property
    def _creates(self) -> dict[Address, Intent]:
        return {
            address: intent
            for address, intent in self._inputs.state.intents.items()
            if address.kind is Kind.PATIENT and intent.operation == Action.CREATE
        }

    @cached_property
    def _others(self) -> list[tuple[Intent, str]]:
        """Those whose person can be compared, each with its folded mrn."""
        return [
            (intent, fold(intent.address.names[0]))
            for intent in self._creates.values()
            if self._is_known(intent)
        ]

    @cached_property
    def _unknown(self) -> list[Intent]:
        """Those of whom nobody can say who they are, and whose mrn nobody has."""
        live = self._inputs.observed.patients
        return [
            intent
            for intent in self._creates.values()
            if not self._is_known(intent) and intent.address.names[0] not in live
        ]

    def _is_known(self, intent: Intent) -> bool:
        return len(intent.person) == PERSON_SIZE and intent.keyed == key_check(self._inputs.key)

    def _person(self, want: DesiredPatient) -> bytes:
        names = want.firstname, want.lastname
        return fingerprints_of_person(self._inputs.key, want.dob, *names, want.email)

    def _left(self, intent: Intent) -> float:
        return seconds_left(intent, self._inputs.settle, self._inputs.now)

    def _alike(
        self, want: DesiredPatient, doubts: Sequence[Intent]
    ) -> Iterator[tuple[LivePatient, tuple[str, ...]]]:
        """Who might be the patient in doubt: of those that are not new, only by two attributes."""
        known_above = [self._inputs.observed.above.get(intent.newest) for intent in doubts]
        addresses = {intent.address for intent in doubts}
        for live, names in self._lookalikes.of(want):
            is_new = any(above is None or live.id in above for above in known_above)
            proves = self._proven.get(live.id)
            if (is_new or len({*names} - {"lastname"}) > 1) and (proves is None or proves in addresses):
                yield live, names

    @cached_property
    def _lookalikes(self) -> Lookalikes:
        return Lookalikes(live for live in self._everyone() if not self._is_accounted_for(live))

    def _everyone(self) -> Iterator[LivePatient]:
        observed = self._inputs.observed
        twins = (twin for several in observed.twins.values() for twin in several)
        yield from {live.id: live for live in (*observed.patients.values(), *twins)}.values()

    @cached_property
    def _recorded(self) -> frozenset[str]:
        state = self._inputs.state
        records = (record.id for record in state.patients.values())
        return frozenset((*records, *state.departed, *state.elsewhere))

    def _is_accounted_for(self, live: LivePatient) -> bool:
        """Whether it is known who this is: recorded, or everything that another declaration sends."""
        want = self._inputs.desired.patients.get(live.mrn)
        if live.id in self._recorded or want is None:
            return live.id in self._recorded
        in_doubt = patient_address(live.mrn) in self._creates
        return not (kind.all_differences(want, live) if in_doubt else kind.differences(want, live))

    @cached_property
    def _proven(self) -> dict[str, Address]:
        """By live id, the create in doubt that this patient proves: its mrn and its person."""
        live_of, key = self._inputs.observed.patients.get, self._inputs.key
        found: dict[str, Address] = {}
        for intent, _ in self._others:
            live = live_of(intent.address.names[0])
            if live is not None and may_be_one(intent.person, _person_of(live, key)):
                found[live.id] = intent.address
        return found


def _person_of(live: LivePatient, key: bytes) -> bytes:
    dob, email = kind.normalise("dob", live.dob or ""), live.email or ""
    return fingerprints_of_person(key, dob, live.firstname or "", live.lastname or "", email)


def _whose(want: DesiredPatient, intent: Intent) -> str:
    """The earlier create, as the reason of a change names it."""
    where = f" of workspace {intent.workspace}" if intent.workspace else ""
    other = "" if intent.address == patient_address(want.mrn) else f" of {intent.address}"
    return f"an earlier create{other}{where} got no response"


def _waiting(want: DesiredPatient, intent: Intent, wait: float) -> str:
    address = patient_address(want.mrn)
    own = intent.address == address
    who = "the patient" if own else "it may be this patient, who"
    distinct = "" if own else f". If they are two people: --distinct '{address}'"
    return (
        f"in doubt: {_whose(want, intent)}, and {who} may still appear. Apply waits for at most "
        f"{int(wait) + 1} s from now, then reads the list again{distinct}"
    )


def _unsettled(
    want: DesiredPatient, doubts: Sequence[Intent], alike: Sequence[tuple[LivePatient, tuple[str, ...]]]
) -> Obstacle:
    """The obstacle of a create of which it cannot be excluded that somebody new is it already."""
    address, (live, names) = patient_address(want.mrn), alike[0]
    ids = ", ".join(other.id for other, _ in alike[:_NAMED])
    more = f" and {len(alike) - _NAMED} more" if len(alike) > _NAMED else ""
    common = " and ".join(_WORDS[name] for name in names)
    common = f"{common} in common" if common else "Kardia shows neither its birth date nor its e-mail address"
    absent = " ".join(f"--assume-absent '{intent.address}'" for intent in doubts[:_NAMED])
    reason = (
        f"in doubt: {_whose(want, doubts[0])}, and the live patient {ids}{more} might be this one: {common}, "
        "and a server may store values otherwise than they are sent. If it is this patient, "
        f"declare it as Kardia shows it. If they are two people: --distinct '{address}'. If you know that "
        f"the create had no effect: apply {absent}"
    )
    return Obstacle(Cause.UNSETTLED, reason, live, names)
