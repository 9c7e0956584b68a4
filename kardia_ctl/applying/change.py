"""Sending one change: durable intent, request, record."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from kardia_ctl.applying.concurrency import Slots
from kardia_ctl.applying.heartbeat import Heartbeat
from kardia_ctl.applying.journal import Journal
from kardia_ctl.applying.requests import ChangeRequests, Sent
from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.applying.state_updates import patient_of
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Withheld
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change
from kardia_ctl.model.results import Result, Status
from kardia_ctl.model.state import Entry, Intend, Intent, Resolve
from kardia_ctl.planning.inputs import PlanInputs

_NOT_ALLOWED: Final = (401, 403)


@dataclass(slots=True)
class Sender:
    """Sends the changes of a run, of all its waves and rounds, through one journal.

    Attributes:
        inputs: What the run's plan was made from.
        context: Ports, time and options.
        issued: When codes that are only fetched again were issued (Unix seconds).
    """

    inputs: PlanInputs
    context: RunContext
    issued: Mapping[Address, int] = field(default_factory=dict)
    _refusals: dict[tuple[Kind, Action], str] = field(default_factory=dict)
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
            await self._journal.commit([Intend(intent)])
        started = partial(self.context.observer.started, change)
        try:
            with Heartbeat(partial(self._beat, change, intent)):
                async with self._slots.acquire(partial(self.refusal, change), started):
                    sent = await self._requests.send(change, patient_id)
        except NotExecuted as error:
            self._post(change, [self._as_before(change)])
            status = Status.SKIPPED if isinstance(error, Withheld) else Status.FAILED
            return self._failed(change, status, error)
        except InDoubt as error:
            self._post(change, [Intend(replace(intent, ended=self.context.clock.now()))])
            return self._failed(change, Status.IN_DOUBT, error)
        return self._recorded(change, sent)

    async def rest(self) -> None:
        """Return when the journal is empty, or could not be written. Raises ``StateError``."""
        await self._journal.rest()

    def refusal(self, change: Change) -> str:
        """Why a change is not sent; empty when it may be.

        The key was refused this kind of request earlier in the run; the patient turned out to exist, so that
        an order may exist too; or the run issued no code that a user could redeem.
        """
        kind, mrn = change.address.kind, change.address.names[0] if change.address.names else ""
        if owner_of(change.address) and mrn in self._requests.existed:
            noun, verb = ("code", "issue") if kind is Kind.CONNECTION_CODE else ("user", "create")
            return (
                f"the patient existed already, and whether it has a {noun} cannot be read; to {verb} one: "
                f"--reissue '{change.address}'"
            )
        if kind is Kind.MOBILE_USER and self._requests.lacks_code(change):
            return "the code that it redeems was not issued in this run"
        return self._refusals.get((kind, change.action), "")

    def _recorded(self, change: Change, sent: Sent) -> Result:
        """Deliver the code first: what is recorded as issued is in a person's hands. Then record."""
        if sent.code is not None:
            self.context.deliver_code(sent.code)
        self._journal.post([*sent.entries, Resolve(change.address)])
        if sent.objection:
            self.context.stop_signal.set(f"the run was stopped at {change.address}: {sent.objection}")
            return Result(change.address, change.action, Status.IN_DOUBT, sent.objection, id=sent.id)
        return Result(change.address, sent.action or change.action, sent.status, sent.detail, id=sent.id)

    def _failed(self, change: Change, status: Status, error: ApiError) -> Result:
        """The result of a change that was not done.

        A 403 means that the key may not do this to any address: the rest of the kind would be refused too. So
        does a 401 that does not end the run (see ``api.endpoints``).
        """
        if error.status in _NOT_ALLOWED and not error.stops:
            noun = change.address.kind.replace("_", " ")
            self._refusals[change.address.kind, change.action] = (
                f"the key may not {change.action} a {noun}: another was refused with {error.status}"
            )
        if error.stops:
            self.context.stop_signal.set(error.stops)
        return Result(change.address, change.action, status, str(error))

    def _as_before(self, change: Change) -> Entry:
        """What is known of an address after a request without effect.

        An earlier request that is in doubt stays so. A create is the exception: it was sent because a proven
        scan had settled the earlier one.
        """
        earlier = self.inputs.state.intents.get(change.address)
        return Resolve(change.address) if earlier is None or _is_create(change) else Intend(earlier)

    def _post(self, change: Change, entries: Iterable[Entry]) -> asyncio.Future[None] | None:
        return None if _is_repeatable(change) else self._journal.post(entries)

    def _beat(self, change: Change, intent: Intent) -> asyncio.Future[None] | None:
        return self._post(change, [Intend(replace(intent, at=self.context.clock.now()))])

    def _intent(self, change: Change, patient_id: str) -> Intent:
        key, person = self.inputs.key, b""
        if _is_create(change):
            person = patient_kind.person_fingerprint(key, patient_of(change))
        return Intent(
            change.address,
            change.action.value,
            self.context.clock.now(),
            id=patient_id,
            target=change.target,
            window=self.inputs.settle,
            person=person,
        )


def _is_create(change: Change) -> bool:
    return change.address.kind is Kind.PATIENT and change.action is Action.CREATE


def _is_repeatable(change: Change) -> bool:
    """Whether a retry changes nothing more, so that no intent has to be durable before it leaves."""
    return change.address.kind.is_setting
