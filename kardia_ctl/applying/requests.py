"""The request of each kind and action, and what state records of it.

A request is made of the change's own ``after``, ``target`` and ``id``. The declaration only supplies what is
not sent: a patient's cohort, and which of a patient's codes a user redeems.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kardia_ctl.applying.departing import depart
from kardia_ctl.applying.known_ids import KnownIds
from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.applying.state_updates import connected_anew, earlier_codes, patient_of, record_of
from kardia_ctl.kinds import SETTINGS
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.address import Address, code_address
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, IssuedCode, LivePatient
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.model.results import Status
from kardia_ctl.model.state import Entry, PatientRecord, Record, Remember, UserRecord
from kardia_ctl.planning.inputs import PlanInputs


@dataclass(frozen=True, slots=True)
class Sent:
    """A change whose request succeeded.

    Attributes:
        entries: What state records.
        id: The live id, where there is one.
        objection: Why the run must stop although the request succeeded; empty otherwise.
        code: The code that was issued.
        action: The action that it proved to be, if another: creating an existing patient is an adoption.
        status: Not ``DONE`` when the first of two requests succeeded and the second did not.
        detail: Why the second request did not succeed.
    """

    entries: tuple[Entry, ...]
    id: str = ""
    objection: str = ""
    code: IssuedCode | None = None
    action: Action | None = None
    status: Status = Status.DONE
    detail: str = ""


class IdConflict(InDoubt):
    """A create was answered with an id that belongs to somebody else. The run stops."""

    def __init__(self, patient_id: str, owner: str) -> None:
        self.patient_id = patient_id
        reason = f"a create was answered with {patient_id}, the id of {owner}"
        super().__init__(
            f"{reason}. Nothing is recorded under it. Find out in Kardia whose record it is, then plan again",
            stops=reason,
        )


@dataclass(slots=True)
class ChangeRequests:
    """Sends the request of a change through the ``Writer``.

    Attributes:
        inputs: What the plan was made from.
        context: Writer, clock and passwords.
        issued: For codes that are only fetched again: when each was issued (Unix seconds).
        existed: The mrns of patients who proved to exist already.
        known: The ids that are known to belong to somebody.
    """

    inputs: PlanInputs
    context: RunContext
    issued: Mapping[Address, int]
    existed: set[str] = field(default_factory=set)
    known: KnownIds = field(init=False, repr=False)
    _codes: dict[Address, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Start with the ids of the plan's inputs."""
        self.known = KnownIds(self.inputs)

    def lacks_code(self, user: Change) -> bool:
        """Whether a new user needs a code that this run did not issue."""
        return user.redeems and self._redeemed(user) not in self._codes

    async def send(self, change: Change, patient_id: str) -> Sent:
        """Send one change.

        Args:
            change: A change whose action writes.
            patient_id: The id of the patient that it belongs to; empty while there is none.

        Raises:
            NotExecuted: it certainly had no effect.
            InDoubt: it may have had its effect.
        """
        match change.address.kind:
            case Kind.PATIENT if change.action is Action.CREATE:
                return await self._create_patient(change)
            case Kind.PATIENT:
                return Sent(await depart(change, patient_id, self.inputs, self.context), patient_id)
            case Kind.CONNECTION_CODE:
                return await self._issue_code(change, patient_id)
            case Kind.MOBILE_USER:
                return await self._create_user(change, patient_id)
            case kind:
                await SETTINGS[kind].write(self.context.writer, change)
                return Sent((self._record(change),))

    async def _create_patient(self, change: Change) -> Sent:
        want = patient_of(change)
        try:
            live = await self.context.writer.create_patient(want)
        except NotExecuted as error:
            if error.status != 409 or self.inputs.capabilities.shows_patients:
                raise
            return self._already_exists(want)
        if owner := self.known.conflict(live.id, change):
            raise IdConflict(live.id, owner)
        self.known.created[live.id] = change
        entries = (*earlier_codes(change, self.inputs), self._record(change, live.id))
        return Sent(entries, live.id, _objection(want, live))

    def _already_exists(self, want: DesiredPatient) -> Sent:
        """After a 409 where patients cannot be read back: the mrn exists, whoever it belongs to."""
        self.existed.add(want.mrn)
        known = PatientRecord(want.mrn, fingerprint=patient_kind.EXISTED, at=int(self.context.clock.now()))
        entry = Remember(Kind.PATIENT, want.mrn, "", known)
        return Sent((entry,), want.mrn, action=Action.ADOPT)

    async def _issue_code(self, change: Change, patient_id: str) -> Sent:
        mrn, label = change.address.names
        code = await self.context.writer.issue_code(patient_id, mrn, change.target)
        if mrn in self.inputs.desired.users:
            self._codes[change.address] = code.code
        issued = IssuedCode(code.mrn, code.code, label, code.status, int(self._issued_at(change)))
        entries = (self._record(change, patient_id), *connected_anew(patient_id, self.inputs))
        return Sent(entries, patient_id, code=issued)

    async def _create_user(self, change: Change, patient_id: str) -> Sent:
        after, writer = change.after or {}, self.context.writer
        password = self.context.password(change.address.names[0])
        token = await writer.create_user(
            patient_id, after.get("email") or "", after.get("country") or "", password
        )
        record = self._record(change, patient_id)
        anew = tuple(connected_anew(patient_id, self.inputs))
        if not change.redeems:
            return Sent((record, *anew), patient_id)
        try:
            await writer.redeem(self._codes[self._redeemed(change)], token)
        except ApiError as error:
            status = Status.IN_DOUBT if isinstance(error, InDoubt) else Status.FAILED
            detail = f"the user was created, and its code was not redeemed: {error}"
            entry = replace(record, record=_unredeemed(record.record))
            return Sent((entry, *anew), patient_id, status=status, detail=detail)
        return Sent((record, *anew), patient_id)

    def _redeemed(self, user: Change) -> Address:
        mrn = user.address.names[0]
        return code_address(mrn, self.inputs.desired.patients[mrn].codes[0])

    def _issued_at(self, change: Change) -> float:
        """When a code was issued, in Unix seconds: now, unless it is only fetched again."""
        return self.issued.get(change.address, self.context.clock.now())

    def _record(self, change: Change, patient_id: str = "") -> Remember:
        return record_of(change, self.inputs, at=self._issued_at(change), patient_id=patient_id)


def _unredeemed(record: Record) -> UserRecord:
    return UserRecord(record.id, record.fingerprint, record.at, unredeemed=True)


def _objection(want: DesiredPatient, live: LivePatient) -> str:
    """Why the run stops: the response names another mrn or birth date than was sent; empty otherwise."""
    created = "it was created" + (f" as {live.id}" if live.id != want.mrn else "")  # pro takes the mrn as id
    if live.mrn and live.mrn != want.mrn:
        return f"{created}, but the response names another mrn: check it in Kardia"
    if live.dob and patient_kind.normalise("dob", live.dob) != want.dob:
        return f"{created}, but the response names another birth date: check it in Kardia"
    return ""
