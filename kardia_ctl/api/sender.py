"""Sends a call, retries it where that is safe, and returns its result or raises its error.

A refused key, a Retry-After that is too long and an outage end the run here, for all workers.
"""

from collections.abc import Callable
from random import Random
from typing import Final, TypeVar

from kardia_ctl.api.answer import Answer, UnexpectedAnswer, UnreadableAnswer
from kardia_ctl.api.attempts import Attempt, error_of, too_long
from kardia_ctl.api.endpoints import SAFE_READS, Endpoint
from kardia_ctl.api.error_body import describe_answer
from kardia_ctl.api.http.cause import cause_of
from kardia_ctl.api.http.connections import LOST, NEVER_CONNECTED
from kardia_ctl.api.http.sending import CutOff, InFlight, Sending
from kardia_ctl.api.http.sent_request import RequestLog, SentRequest
from kardia_ctl.api.http.transport import Call, Transport
from kardia_ctl.api.limits.circuit_breaker import Outage
from kardia_ctl.api.limits.pacer import Halted, Pace, Slot
from kardia_ctl.api.limits.retry import RetryBudget, RetryPolicy
from kardia_ctl.api.outcomes import Conclusion, Ending, Outcome, ending_of, judge
from kardia_ctl.api.scrubbing.scrub import Scrubber
from kardia_ctl.model.errors import KEY_REFUSED

T = TypeVar("T")

_SERVER_WORKS: Final = frozenset({Ending.SUCCESS, Ending.REFUSED, Ending.UNAUTHORIZED})


_NO_CONNECTION: Final = "check the endpoint and the network"


class UnsafeRead(RuntimeError):  # noqa: N818  (it names what was attempted)
    """A defect: planning tried to send a request that is not on the list of safe reads. Nothing was sent."""


class Exchange:
    """Sends calls, and retries them where that is safe.

    ``secrets`` are values that no error may repeat, the key first. ``scrub`` makes the server's texts
    printable. ``rng`` draws the jitter. ``pace``, ``budget`` and ``outage`` are shared by all workers.
    ``log`` receives each request that was sent.
    """

    def __init__(
        self,
        transport: Transport,
        pace: Pace,
        *,
        secrets: tuple[str, ...],
        scrub: Scrubber,
        rng: Random,
        policy: RetryPolicy,
        budget: RetryBudget,
        outage: Outage,
        log: RequestLog | None = None,
    ) -> None:
        self._transport = transport
        self._pace = pace
        self._secrets = secrets
        self.scrub = scrub
        self._rng = rng
        self._policy = policy
        self._budget = budget
        self._outage = outage
        self._logs = log
        self._reached = False
        self.in_flight = InFlight()

    async def run(self, call: Call, decode: Callable[[Answer], T]) -> T:
        """Send a call, retry it where its nature allows that, and return the decoded answer.

        Raises:
            NotExecuted: a write that certainly had no effect (Unauthorized: the key is not accepted;
                Withheld: the run had stopped before it was sent; Outdated: it was no longer current;
                ``doubted``: its target is gone, and an earlier attempt may have done that).
            InDoubt: a write that may have had its effect, in its last attempt or an earlier one.
            ApiError: a read that has no answer, or none that can be decoded.
        """
        attempt = await self._attempt(call, decode, 1)
        doubted = False
        tries = 1
        while True:
            outcome = judge(call.endpoint.nature, attempt.ending)
            if outcome.conclusion is Conclusion.DONE:
                return attempt.values[0]
            doubted = doubted or outcome.conclusion is Conclusion.IN_DOUBT
            if self._stays(attempt):
                break
            if not await self._wait_to_retry(outcome, attempt.wait, tries, doubted=doubted):
                break
            later = await self._attempt(call, decode, tries + 1)
            if later.ending is Ending.UNSENT:  # the earlier attempts decide
                attempt = later if later.outdated and not doubted else attempt
                break
            attempt, tries = later, tries + 1
        raise error_of(
            call,
            attempt,
            outcome.conclusion,
            tries,
            doubted=doubted,
            stops=self._pace.halted,
            remedy=self._remedy(attempt),
        )

    def _remedy(self, attempt: Attempt[T]) -> str:
        """The next step that the place of the key, or the cause of a failed connection, asks for."""
        options = self._transport.options
        if attempt.ending is Ending.UNAUTHORIZED and options.key_place:
            return f"check the key in {options.key_place}, and that its region is the configured one"
        if attempt.cause is None:
            return ""
        if not options.unused_proxy or attempt.ending is not Ending.NEVER_CONNECTED:
            return attempt.cause.remedy
        return (
            f"{attempt.cause.remedy or _NO_CONNECTION}. {options.unused_proxy} is set, and not used: a proxy "
            "is named with --proxy or KARDIA_PROXY"
        )

    def _stays(self, attempt: Attempt[T]) -> bool:
        """Whether another attempt would fail for the same reason."""
        cause = attempt.cause
        return cause is not None and (cause.stays or (cause.for_now and not self._reached))

    async def _wait_to_retry(
        self, outcome: Outcome, wait: float | None, tries: int, *, doubted: bool
    ) -> bool:
        """Wait before the next attempt; False when there is none. ``Pace`` obeys a Retry-After."""
        most = self._policy.doubtful if doubted else self._policy.tries
        if not outcome.again or tries >= most or self._pace.halted:
            return False
        pause = self._policy.wait(tries, self._rng) if wait is None else 0.0
        if self._pace.now + pause >= self._outage.deadline or not self._budget.take():
            return False
        await self._pace.sleep(pause)
        return True

    async def _attempt(self, call: Call, decode: Callable[[Answer], T], number: int) -> Attempt[T]:
        try:
            async with self._pace.slot() as slot:
                if not call.is_current():
                    reason = "the look before it had become too old"
                    return Attempt(Ending.UNSENT, reason=reason, outdated=True)
                warned = self._outage.known
                began = self._pace.now
                attempt = await self._send(call, decode)
                self._log(call, attempt, number, began)
                self._record(attempt, slot, warned=warned)
                return attempt
        except Halted as halted:
            return Attempt(Ending.UNSENT, reason=str(halted))

    def _log(self, call: Call, attempt: Attempt[T], number: int, began: float) -> None:
        if self._logs is not None:
            cause = attempt.cause.text if attempt.cause else ""
            self._logs(SentRequest(call, number, self._pace.now - began, attempt.answer, cause))

    def _record(self, attempt: Attempt[T], slot: Slot, *, warned: bool) -> None:
        """Update what all workers share after an attempt."""
        self._pace.record(slot, attempt.status, attempt.wait)
        if attempt.ending in _SERVER_WORKS:
            self._outage.over()
            if attempt.ending is Ending.SUCCESS:
                self._budget.refund()
            if attempt.ending is Ending.UNAUTHORIZED:
                self._pace.halt(KEY_REFUSED)
            return
        resumes = self._pace.resumes
        self._outage.failed(slot.began, warned=warned, resumes=None if attempt.wait is None else resumes)
        if reason := too_long(attempt.wait) or self._outage.stop_reason(resumes):
            self._pace.halt(reason)

    async def _send(self, call: Call, decode: Callable[[Answer], T]) -> Attempt[T]:
        # The library's exceptions hold the request, with its key and its form: they are not chained.
        sending = Sending()
        try:
            answer = await self.in_flight.run(self._transport.send(call, sending))
        except CutOff:
            reason = self._pace.halted or "the run was aborted"
            return Attempt(Ending.UNSENT if sending.connecting else Ending.LOST, reason=reason)
        except LOST as error:
            cause = cause_of(error, self._transport.peer)
            ending = Ending.NEVER_CONNECTED if isinstance(error, NEVER_CONNECTED) else Ending.LOST
            return Attempt(ending, reason=cause.text, cause=cause)
        self._reached = True
        call.on_answer(answer)
        hidden = (*self._secrets, *call.hidden)
        if not answer.is_success and answer.status not in call.endpoint.absent:
            reason = describe_answer(call.endpoint, answer, hidden, self.scrub)
            return Attempt(_ending(call, answer), (), answer, reason)
        try:
            return Attempt(Ending.SUCCESS, (decode(answer),), answer)
        except (UnreadableAnswer, UnexpectedAnswer) as error:
            ending = Ending.UNREADABLE if isinstance(error, UnreadableAnswer) else Ending.UNEXPECTED
            reason = "; ".join(
                filter(None, (str(error), describe_answer(call.endpoint, answer, hidden, self.scrub)))
            )
            return Attempt(ending, (), answer, reason)


class SafeReads:
    """Sends a fixed list of safe reads and refuses everything else; all that a Reader has.

    ``allowed`` is that list: planning's own by default.
    """

    def __init__(self, exchange: Exchange, allowed: tuple[Endpoint, ...] = SAFE_READS) -> None:
        self._exchange = exchange
        self._allowed = allowed

    async def run(self, call: Call, decode: Callable[[Answer], T]) -> T:
        """As ``Exchange.run``.

        Raises:
            UnsafeRead: the call is not one of the safe reads.
            ApiError: there is no answer, or none that can be decoded.
        """
        if call.endpoint not in self._allowed or call.form is not None or call.content is not None:
            raise UnsafeRead(f"{call.endpoint} is not a safe read; it must not be sent as one")
        return await self._exchange.run(call, decode)


def _ending(call: Call, answer: Answer) -> Ending:
    """The row of the table. Where special access is needed, a 401 refuses this request alone."""
    ending = ending_of(answer.status)
    return Ending.REFUSED if ending is Ending.UNAUTHORIZED and call.endpoint.guarded else ending
