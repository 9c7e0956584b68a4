"""One write: durable intent, request, record."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeAlias

from kardia_ctl.applying.heartbeat import with_signs_of_life
from kardia_ctl.applying.journal import Beside, Journal, at_once
from kardia_ctl.applying.requests import Done, Writes
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import V1, Capabilities
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Withheld
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.model.ports import Store, Writer
from kardia_ctl.model.results import Result, Status
from kardia_ctl.model.state import Entry, Intend, Intent, Record, Resolve

Slot: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]


class Stop(Exception):  # noqa: N818  (it is how a step stops the run, not an error of its own)
    """This result, and then nothing more is sent."""

    def __init__(self, result: Result, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


_NOT_ALLOWED: Final = (401, 403)


def no_password(mrn: str) -> str:
    """What stands in where no mobile user is to be made. Raises ``AssertionError``."""
    raise AssertionError(f"no password is at hand for the mobile user of {mrn}")


@dataclass(slots=True)
class Step:
    """How one change is written.

    ``now`` gives Unix seconds; ``hand_out`` gets each code that was issued; ``settle`` is the window, in
    seconds, for which an effect whose answer was lost may still appear; ``issued`` are codes that are only
    asked for again, with when they were issued (Unix seconds); ``earlier`` is what was in doubt before this
    run, ``records`` what was recorded of patients.
    """

    desired: Desired
    writer: Writer
    store: Store
    now: Callable[[], float]
    key: bytes
    hand_out: Callable[[IssuedCode], None]
    settle: float = 0.0
    issued: Mapping[Address, int] = field(default_factory=dict)
    earlier: Mapping[Address, Intent] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    password: Callable[[str], str] = no_password
    capabilities: Capabilities = V1
    beside: Beside = at_once
    _refusals: dict[tuple[Kind, Action], str] = field(default_factory=dict)
    _writes: Writes = field(init=False, repr=False)
    _journal: Journal = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """All steps of a round write through one journal."""
        self._journal = Journal(self.store, self.beside)
        self._writes = Writes(
            self.desired,
            self.writer,
            self.now,
            self.key,
            self.issued,
            self.records,
            self.password,
            self.capabilities,
        )

    async def take(self, change: Change, patient_id: str, slot: Slot = nullcontext) -> Result:
        """Write one change.

        Args:
            change: A change whose action writes.
            patient_id: The id of the patient that the change belongs to, when this run created it.
            slot: Waits for leave to send; raises ``Withheld`` when there is none to be had any more.

        Raises:
            Stop: the run must not go on.
            StateError: state could not be written.
        """
        intent = self._intent(change, patient_id or change.id)
        if not _is_repeatable(change):
            await self._journal.commit([Intend(intent)])
        try:
            sending = self._send(change, patient_id or change.id, slot)
            done = await with_signs_of_life(sending, partial(self._show_life, change, intent))
        except NotExecuted as error:
            self._settle(change, [self._as_before(change)])
            status = Status.SKIPPED if isinstance(error, Withheld) else Status.FAILED
            return self._ended(change, status, error)
        except InDoubt as error:
            self._settle(change, [Intend(replace(intent, ended=self.now()))])
            return self._ended(change, Status.IN_DOUBT, error)
        if done.code is not None:  # first: what is recorded as issued is in somebody's hands
            self.hand_out(done.code)
        self._journal.post([*done.entries, Resolve(change.address)])
        if done.objection:
            result = Result(change.address, change.action, Status.IN_DOUBT, done.objection, id=done.id)
            raise Stop(result, f"the run was stopped at {change.address}: {done.objection}")
        return Result(change.address, done.action or change.action, done.status, done.detail, id=done.id)

    async def _send(self, change: Change, patient_id: str, slot: Slot) -> Done:
        async with slot():
            return await self._writes.write(change, patient_id)

    async def rest(self) -> None:
        """Return when everything that a step asked to have written was written, or could not be."""
        await self._journal.rest()

    def refusal(self, change: Change) -> str:
        """Why a change is not sent.

        The key was told in this run that it may not do such a thing; the patient turned out to exist already,
        so that an order may exist too; or there is no code that a user could redeem.
        """
        mrn = change.address.names[0] if change.address.names else ""
        if owner_of(change.address) and mrn in self._writes.existed:
            noun, verb = (
                ("code", "issue") if change.address.kind is Kind.CONNECTION_CODE else ("user", "make")
            )
            return (
                f"the patient existed already, and whether it has a {noun} cannot be read; to {verb} one: "
                f"--reissue '{change.address}'"
            )
        if change.address.kind is Kind.MOBILE_USER and self._writes.lacks_code(mrn):
            return "the code that it redeems was not issued in this run"
        return self._refusals.get(_operation(change), "")

    def _ended(self, change: Change, status: Status, error: ApiError) -> Result:
        """The result of a write that was not done. Raises ``Stop`` when it ends the run.

        A 403 says that the key may not do this to anything: the rest of this kind would only be refused too.
        So does a 401 that does not end the run (see ``api.endpoints``).
        """
        if error.status in _NOT_ALLOWED and not error.stops:
            kind = change.address.kind.replace("_", " ")
            self._refusals[_operation(change)] = (
                f"the key may not {change.action} a {kind}: another was refused with {error.status}"
            )
        result = _result(change, status, error)
        if error.stops:
            raise Stop(result, error.stops) from error
        return result

    def _as_before(self, change: Change) -> Entry:
        """What is known of an address after a sending that had no effect.

        An earlier one that is in doubt stays so. A create is the exception: it was sent because a proven scan
        had settled the earlier one.
        """
        earlier = self.earlier.get(change.address)
        settled = change.address.kind is Kind.PATIENT and change.action is Action.CREATE
        return Resolve(change.address) if earlier is None or settled else Intend(earlier)

    def _settle(self, change: Change, entries: list[Entry]) -> asyncio.Future[None] | None:
        return None if _is_repeatable(change) else self._journal.post(entries)

    def _show_life(self, change: Change, intent: Intent) -> asyncio.Future[None] | None:
        return self._settle(change, [Intend(replace(intent, at=self.now()))])

    def _intent(self, change: Change, patient_id: str) -> Intent:
        person = b""
        if change.address.kind is Kind.PATIENT and change.action is Action.CREATE:
            person = patient_kind.person_fingerprint(self.key, self.desired.patients[change.address.names[0]])
        return Intent(
            change.address,
            change.action.value,
            self.now(),
            id=patient_id,
            target=change.target,
            window=self.settle,
            person=person,
        )


def _is_repeatable(change: Change) -> bool:
    """Whether sending it again changes nothing more, so that no intent has to be durable before it leaves."""
    return change.address.kind.is_setting


def _operation(change: Change) -> tuple[Kind, Action]:
    """What a key may or may not do: each of these is one endpoint."""
    return change.address.kind, change.action


def _result(change: Change, status: Status, error: ApiError) -> Result:
    return Result(change.address, change.action, status, str(error))
