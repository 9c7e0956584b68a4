"""How each kind and action is written: which request, and what state keeps of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from kardia_ctl.applying.state_updates import remember
from kardia_ctl.kinds import SETTINGS
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import Capabilities
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, IssuedCode, LivePatient
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.model.ports import Writer
from kardia_ctl.model.results import Status
from kardia_ctl.model.state import Depart, Entry, Record, Remember
from kardia_ctl.planning.resources.mobile_users import UNREDEEMED


@dataclass(frozen=True, slots=True)
class Done:
    """A write that succeeded: the live id, what state keeps, and why the run must stop all the same.

    ``action`` is what it turned out to be: a create that finds the thing there already is an adoption.
    ``status`` and ``detail`` tell of a second part that was not done although the first was.
    """

    entries: tuple[Entry, ...]
    id: str = ""
    objection: str = ""
    code: IssuedCode | None = None
    action: Action | None = None
    status: Status = Status.DONE
    detail: str = ""


@dataclass(slots=True)
class Writes:
    """Sends a change through the ``Writer``.

    ``now`` gives Unix seconds; ``issued`` are codes that are only asked for again, with when they were made;
    ``records`` is what was recorded of patients; ``password`` gives the password of the mobile user of an
    mrn. ``existed`` gathers the mrns of patients who turned out to exist already.
    """

    desired: Desired
    writer: Writer
    now: Callable[[], float]
    key: bytes
    issued: Mapping[Address, int]
    records: Mapping[str, Record]
    password: Callable[[str], str]
    capabilities: Capabilities
    existed: set[str] = field(default_factory=set)
    _codes: dict[str, str] = field(default_factory=dict, repr=False)

    def lacks_code(self, mrn: str) -> bool:
        """Whether a patient's user is to redeem a code that is not at hand."""
        return self.desired.users[mrn].redeem and mrn not in self._codes

    async def write(self, change: Change, patient_id: str) -> Done:
        """Send one change.

        Args:
            change: A change whose action writes.
            patient_id: The id of the patient that it belongs to; empty while there is none.

        Raises:
            NotExecuted: it certainly had no effect.
            InDoubt: it may have had its effect.
        """
        match change.address.kind:
            case Kind.PATIENT:
                return await self._write_patient(change, patient_id)
            case Kind.CONNECTION_CODE:
                return await self._issue(change, patient_id)
            case Kind.MOBILE_USER:
                return await self._create_user(change, patient_id)
            case kind:
                await SETTINGS[kind].write(self.writer, change)
                return Done((self._record(change),))

    async def _write_patient(self, change: Change, patient_id: str) -> Done:
        match change.action:
            case Action.CREATE:
                return await self._create(change)
            case Action.EXPORT:
                await self.writer.export_patient(patient_id)
            case Action.DISCONNECT:
                await self.writer.disconnect(patient_id)
            case Action.DELETE:
                return await self._delete(change, patient_id)
            case _:
                raise AssertionError(f"{change.action} is not a write")
        return Done((Depart(patient_id, change.action.value),), patient_id)

    def _issued(self, change: Change) -> float:
        """When it was done, in Unix seconds: now, unless it is only asked for again."""
        return self.issued.get(change.address, self.now())

    def _record(self, change: Change, patient_id: str = "") -> Remember:
        return remember(
            self.desired,
            change.address,
            at=self._issued(change),
            key=self.key,
            patient_id=patient_id,
            target=change.target,
        )

    async def _create(self, change: Change) -> Done:
        want = self.desired.patients[change.address.names[0]]
        try:
            live = await self.writer.create_patient(want)
        except NotExecuted as error:
            if error.status != 409 or self.capabilities.shows_patients:
                raise
            return self._found(want)
        return Done((self._record(change, live.id),), live.id, _objection(want, live))

    def _found(self, want: DesiredPatient) -> Done:
        """A 409 where nothing can be read back: it proves that the patient exists, not who it is."""
        self.existed.add(want.mrn)
        known = Record(want.mrn, fingerprint=patient_kind.EXISTED, at=int(self.now()))
        entry = Remember(Kind.PATIENT, want.mrn, "", known)
        return Done((entry,), want.mrn, action=Action.ADOPT)

    async def _create_user(self, change: Change, patient_id: str) -> Done:
        mrn = change.address.names[0]
        user, want = self.desired.users[mrn], self.desired.patients[mrn]
        token = await self.writer.create_user(patient_id, want.email, user.country, self.password(mrn))
        record = self._record(change, patient_id)
        if not user.redeem:
            return Done((record,), patient_id)
        try:
            await self.writer.redeem(self._codes[mrn], token)
        except ApiError as error:
            status = Status.IN_DOUBT if isinstance(error, InDoubt) else Status.FAILED
            detail = f"the user was created, and its code was not redeemed: {error}"
            entry = replace(record, record=_unredeemed(record.record))
            return Done((entry,), patient_id, status=status, detail=detail)
        return Done((record,), patient_id)

    async def _issue(self, change: Change, patient_id: str) -> Done:
        mrn, label = change.address.names
        code = await self.writer.issue_code(patient_id, mrn, change.target)
        if mrn in self.desired.users and label == self.desired.patients[mrn].codes[0]:
            self._codes[mrn] = code.code
        issued = IssuedCode(code.mrn, code.code, label, code.status, int(self._issued(change)))
        return Done((self._record(change, patient_id),), patient_id, code=issued)

    async def _delete(self, change: Change, patient_id: str) -> Done:
        """A 404 is success: the plan only deletes an id that was live or recorded in this tenant."""
        try:
            await self.writer.delete_patient(patient_id)
        except NotExecuted as error:
            if error.status != 404:
                raise
        mrn = change.address.names[0]
        cohort = self.records.get(mrn, Record()).label  # status counts who departed by cohort
        gone = Remember(Kind.PATIENT, mrn, "", Record(patient_id, cohort, at=int(self.now()), forgotten=True))
        return Done((Depart(patient_id, change.action.value), gone), patient_id)


def _unredeemed(record: Record) -> Record:
    return Record(record.id, UNREDEEMED, record.fingerprint, record.at)


def _objection(want: DesiredPatient, live: LivePatient) -> str:
    """An answer that names another mrn or birth date than was sent: something is badly wrong."""
    if live.mrn and live.mrn != want.mrn:
        return f"it was created as {live.id}, but the answer names another mrn: look at it in Kardia"
    if live.dob and patient_kind.normalise("dob", live.dob) != want.dob:
        return f"it was created as {live.id}, but the answer names another birth date: look at it in Kardia"
    return ""
