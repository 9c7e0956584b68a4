"""Sending one change: durable intent, request, record."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from kardia_ctl.applying.concurrency import Slots
from kardia_ctl.applying.heartbeat import Heartbeat
from kardia_ctl.applying.journal import Journal
from kardia_ctl.applying.requests import ChangeRequests, IdConflict, Sent
from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.applying.state_updates import patient_of
from kardia_ctl.fingerprints import key_check
from kardia_ctl.kinds.likeness import fingerprints_of_person
from kardia_ctl.kinds.mobile_user import login_fingerprint
from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Withheld
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.model.results import Result, Status
from kardia_ctl.model.state import Drop, Entry, Intend, Intent, Resolve
from kardia_ctl.planning.inputs import PlanInputs

_NOT_ALLOWED: Final = (401, 403)


@dataclass(slots=True)
class Sender:
    """Sends the changes of a run, of all its waves and rounds, through one journal.

    Attributes:
        inputs: What the run's plan was made from.
        context: Ports, time and options.
        issued: For codes that are only fetched again: when each was issued (Unix seconds).
        revoked: The results of creates that were reported as done before their id proved to be nobody's.
    """

    inputs: PlanInputs
    context: RunContext
    issued: Mapping[Address, int] = field(default_factory=dict)
    revoked: dict[Address, Result] = field(default_factory=dict)
    _refusals: dict[tuple[Kind, Action], str] = field(default_factory=dict)
    _decided: set[Address] = field(default_factory=set)
    _requests: ChangeRequests = field(init=False, repr=False)
    _journal: Journal = field(init=False, repr=False)
    _slots: Slots = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Share one journal and one set of slots among all changes."""
        self._requests = ChangeRequests(self.inputs, self.context, self.issued)
        self._journal = Journal(self.context.store, self.context.run_blocking)
        self._slots = Slots(self.context.parallelism, self.context.stop_signal)

    async def send(self, change: Change, patient_id: str) -> Result:
        """Send one change. A result that ends the run sets the stop signal.

        Args:
            change: A change whose action writes.
            patient_id: The id of the patient that the change belongs to, when this run created it.

        Raises:
            StateError: state could not be written.
        """
        patient_id = patient_id or change.id
        intent = self._intent(change, patient_id)
        if not _is_repeatable(change):
            await self._journal.commit([Intend(intent), *self._begun(change)])
        started = partial(self.context.observer.started, change)
        try:
            with Heartbeat(partial(self._beat, change, intent)):
                async with self._slots.acquire(partial(self.refusal, change), started):
                    self.context.store.check_lock()
                    sent = await self._requests.send(change, patient_id)
        except NotExecuted as error:
            status = Status.SKIPPED if isinstance(error, Withheld) else Status.FAILED
            return self._conclude(change, [self._as_before(change)], self._failed(change, status, error))
        except InDoubt as error:
            ended = Intend(replace(intent, ended=self.context.clock.stamp()))
            result = self._conclude(change, [ended], self._failed(change, Status.IN_DOUBT, error))
            if isinstance(error, IdConflict):
                self._revoke(error)
            return result
        return self._recorded(change, sent)

    @property
    def created(self) -> Mapping[str, Change]:
        """By id, the creates of this run that were answered with it."""
        return self._requests.known.created

    async def drain(self) -> None:
        """Wait until the journal has written all entries. Raises ``StateError`` when it cannot."""
        await self._journal.drain()

    def refusal(self, change: Change) -> str:
        """Why a change must not be sent; empty when it may be sent.

        The reasons: the API refused this kind of request earlier in the run; the patient proved to exist
        already, so an order may exist too; the run did not issue the code that the user would redeem.
        """
        kind, mrn = change.address.kind, change.address.names[0] if change.address.names else ""
        if owner_of(change.address) and mrn in self._requests.existed:
            noun, verb = ("code", "issue") if kind is Kind.CONNECTION_CODE else ("user", "create")
            return (
                f"the patient already existed, and the API does not show whether it has a {noun}; to {verb} "
                f"one anyway: --reissue '{change.address}'"
            )
        if kind is Kind.MOBILE_USER and self._requests.lacks_code(change):
            return "the code that it redeems was not issued in this run"
        return self._refusals.get((kind, change.action), "")

    def _recorded(self, change: Change, sent: Sent) -> Result:
        """Record a change that was sent. Its code is delivered first: a recorded code is never lost."""
        if sent.code is not None:
            self.context.deliver_code(sent.code)
        result = Result(change.address, sent.action or change.action, sent.status, sent.detail, id=sent.id)
        if sent.objection:
            result = Result(change.address, change.action, Status.IN_DOUBT, sent.objection, id=sent.id)
        entries = (*sent.entries, *self._used(change), *self._resolved(change.address))
        self._journal.post([*entries, *self.context.audit(result)])
        if sent.objection:
            self.context.stop_signal.set(f"the run was stopped at {change.address}: {sent.objection}")
        return result

    def _begun(self, change: Change) -> Iterator[Entry]:
        """The entries for decisions that a create is about to use, and goes on to use in this run."""
        if change.action is Action.CREATE and change.cause is Cause.DECIDED:
            self._decided.add(change.address)
            yield from self.inputs.firing.begun(change.address)

    def _used(self, change: Change) -> Iterator[Entry]:
        """The entries for decisions that a create has used, whatever the answer says of it."""
        if change.action is Action.CREATE:
            now, is_decided = self.context.clock.now(), change.address in self._decided
            yield from self.inputs.firing.concluded(
                self.inputs.state, change.address, now, is_decided=is_decided
            )

    def _conclude(self, change: Change, entries: Iterable[Entry], result: Result) -> Result:
        """Record a request that was not answered with success, with its entry of the audit log."""
        stored = () if _is_repeatable(change) else entries
        self._journal.post([*stored, *self.context.audit(result)])
        return result

    def _revoke(self, error: IdConflict) -> None:
        """Two creates of this run were answered with one id: nobody knows whose it is. Both are in doubt."""
        first = self._requests.known.created.get(error.patient_id)
        if first is None:
            return
        self._journal.post(
            [
                Drop(Kind.PATIENT, first.address.names[0]),
                Intend(replace(self._intent(first, ""), ended=self.context.clock.stamp())),
            ]
        )
        detail = f"another create was answered with its id too: {error.patient_id}"
        self.revoked[first.address] = Result(first.address, first.action, Status.IN_DOUBT, detail)

    def _resolved(self, address: Address) -> Iterator[Entry]:
        """The entries for a known outcome. It settles an earlier doubt too, in any workspace."""
        yield Resolve(address)
        earlier = self.inputs.state.intents.get(address)
        if earlier is not None and earlier.workspace:
            yield Resolve(address, earlier.workspace)

    def _failed(self, change: Change, status: Status, error: ApiError) -> Result:
        """The result of a change that was not done.

        A 403 means that the key may not do this to any address, so further changes of this kind are not
        sent. The same holds for a 401 that does not end the run (see ``api.endpoints``).
        """
        if error.status in _NOT_ALLOWED and not error.stops:
            noun = change.address.kind.replace("_", " ")
            self._refusals[change.address.kind, change.action] = (
                f"the API key may not {change.action} a {noun}: an earlier request was refused with "
                f"{error.status}"
            )
        if error.stops:
            self.context.stop_signal.set(error.stops)
        return Result(change.address, change.action, status, str(error))

    def _as_before(self, change: Change) -> Entry:
        """The entry for an address after a request that had no effect.

        An earlier request that is in doubt stays in doubt. A create is the exception: it was sent only
        because a proven scan had settled the earlier one.
        """
        earlier = self.inputs.state.intents.get(change.address)
        if earlier is None or earlier.workspace or _is_create(change):
            return Resolve(change.address)
        return Intend(earlier)

    def _post(self, change: Change, entries: Iterable[Entry]) -> asyncio.Future[None] | None:
        return None if _is_repeatable(change) else self._journal.post(entries)

    def _beat(self, change: Change, intent: Intent) -> asyncio.Future[None] | None:
        return self._post(change, [Intend(replace(intent, at=self.context.clock.stamp()))])

    def _intent(self, change: Change, patient_id: str) -> Intent:
        key, person = self.inputs.key, b""
        if _is_create(change):
            sent = patient_of(change)
            person = fingerprints_of_person(key, sent.dob, sent.firstname, sent.lastname, sent.email)
        elif change.address.kind is Kind.MOBILE_USER:
            person = login_fingerprint(key, (change.after or {}).get("email") or "")
        return Intent(
            change.address,
            change.action.value,
            self.context.clock.stamp(),
            id=patient_id,
            target=change.target,
            window=self.inputs.settle,
            person=person,
            newest=self._newest(change),
            keyed=key_check(key),
        )

    def _newest(self, change: Change) -> str:
        """The head of the list before the first create of this patient whose outcome is not known."""
        earlier = self.inputs.state.intents.get(change.address)
        if not _is_create(change):
            return ""
        return self.inputs.observed.newest if earlier is None else earlier.newest


def _is_create(change: Change) -> bool:
    return change.address.kind is Kind.PATIENT and change.action is Action.CREATE


def _is_repeatable(change: Change) -> bool:
    """Whether sending it twice equals sending it once, so that it needs no durable intent."""
    return change.address.kind.is_setting
