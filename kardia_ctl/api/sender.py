"""From a call to its result: sending, judging, waiting, sending again, and saying what went wrong.

What ends the run ends here for all workers: a key that is refused, a wait that is too long, an outage.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, Generic, TypeVar, assert_never

from kardia_ctl.api.decode import Answer, Unreadable, Wanting
from kardia_ctl.api.endpoints import SAFE_READS, Endpoint
from kardia_ctl.api.error_body import complaint, described
from kardia_ctl.api.http.connections import LOST, NEVER_CONNECTED
from kardia_ctl.api.http.transport import Call, Transport
from kardia_ctl.api.limits.circuit_breaker import Outage
from kardia_ctl.api.limits.pacer import Halted, Pace, Turn
from kardia_ctl.api.limits.retry import LONGEST_WAIT, RetryBudget, RetryPolicy
from kardia_ctl.api.outcomes import Ending, Outcome, Verdict, ending_of, judge
from kardia_ctl.model.errors import (
    KEY_REFUSED,
    ApiError,
    InDoubt,
    NotExecuted,
    Unauthorized,
    Withheld,
)

T = TypeVar("T")

_MAY_NAME_A_WAIT: Final = frozenset({Ending.THROTTLED, Ending.EARLY, Ending.SERVER_ERROR})


class UnsafeRead(RuntimeError):  # noqa: N818  (it names what was attempted)
    """A defect: planning asked for something that is not on the list of safe reads. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class _Try(Generic[T]):
    """How one sending ended. ``values`` holds the result of a success; ``reason`` is safe to show."""

    ending: Ending
    values: tuple[T, ...] = ()
    answer: Answer | None = None
    reason: str = ""

    @property
    def status(self) -> int | None:
        return self.answer.status if self.answer else None

    @property
    def wait(self) -> float | None:
        """Seconds that the server wants us to wait, if it has said so."""
        return self.answer.wait if self.answer and self.ending in _MAY_NAME_A_WAIT else None


class Exchange:
    """Sends calls, again where that is right.

    ``secrets`` are values, the key first, that no error may repeat. ``rng`` draws the jitter. ``pace``,
    ``budget`` and ``outage`` are what all workers share.
    """

    def __init__(
        self,
        transport: Transport,
        pace: Pace,
        *,
        secrets: tuple[str, ...],
        rng: Random,
        policy: RetryPolicy,
        budget: RetryBudget,
        outage: Outage,
    ) -> None:
        self._transport = transport
        self._pace = pace
        self._secrets = secrets
        self._rng = rng
        self._policy = policy
        self._budget = budget
        self._outage = outage

    async def run(self, call: Call, understand: Callable[[Answer], T]) -> T:
        """Send a call, again where its nature allows it, and return what ``understand`` makes of the answer.

        Raises:
            NotExecuted: a write that certainly had no effect (Unauthorized: the key is not accepted;
                Withheld: the run had stopped before it left).
            InDoubt: a write that may have had its effect, in its last try or an earlier one.
            ApiError: a read whose answer cannot be had or understood.
        """
        attempt = await self._try(call, understand)
        doubted = False
        tries = 1
        while True:
            outcome = judge(call.endpoint.nature, attempt.ending)
            if outcome.verdict is Verdict.DONE:
                return attempt.values[0]
            doubted = doubted or outcome.verdict is Verdict.IN_DOUBT
            if not await self._again(outcome, attempt.wait, tries, doubted=doubted):
                break
            later = await self._try(call, understand)
            if later.ending is Ending.UNSENT:
                break  # what is known of the earlier tries stays
            attempt, tries = later, tries + 1
        raise _error(call, attempt, outcome.verdict, tries, doubted=doubted, stops=self._pace.halted)

    async def _again(self, outcome: Outcome, wait: float | None, tries: int, *, doubted: bool) -> bool:
        """Wait for the next try; False when there is none. A wait that the server named is the pace's."""
        most = self._policy.doubtful if doubted else self._policy.tries
        if not outcome.again or tries >= most or self._pace.halted:
            return False
        pause = self._policy.wait(tries, self._rng) if wait is None else 0.0
        if self._pace.now + pause >= self._outage.deadline or not self._budget.take():
            return False
        await self._pace.sleep(pause)
        return True

    async def _try(self, call: Call, understand: Callable[[Answer], T]) -> _Try[T]:
        try:
            async with self._pace.turn() as turn:
                warned = self._outage.known
                attempt = await self._send(call, understand)
                self._learn(attempt, turn, warned=warned)
                return attempt
        except Halted as halted:
            return _Try(Ending.UNSENT, reason=str(halted))

    def _learn(self, attempt: _Try[T], turn: Turn, *, warned: bool) -> None:
        """What one sending tells all workers."""
        self._pace.heard(turn, attempt.status, attempt.wait)
        if attempt.ending in {Ending.SUCCESS, Ending.REFUSED, Ending.UNAUTHORIZED}:
            self._outage.over()
            if attempt.ending is Ending.SUCCESS:
                self._budget.refund()
            if attempt.ending is Ending.UNAUTHORIZED:
                self._pace.halt(KEY_REFUSED)
            return
        resumes = self._pace.resumes
        self._outage.failed(turn.began, warned=warned, resumes=None if attempt.wait is None else resumes)
        if reason := _too_long(attempt.wait) or self._outage.verdict(resumes):
            self._pace.halt(reason)

    async def _send(self, call: Call, understand: Callable[[Answer], T]) -> _Try[T]:
        # The library's exceptions hold the request, with its key and its form: they are not chained.
        try:
            answer = await self._transport.send(call)
        except NEVER_CONNECTED as error:
            return _Try(Ending.NEVER_CONNECTED, reason=type(error).__name__)
        except LOST as error:
            return _Try(Ending.LOST, reason=type(error).__name__)
        call.heard(answer)
        hidden = (*self._secrets, *call.hidden)
        if not 200 <= answer.status < 300 and answer.status not in call.endpoint.absent:
            return _Try(_ending(call, answer), (), answer, described(call.endpoint, answer, hidden))
        try:
            return _Try(Ending.SUCCESS, (understand(answer),), answer)
        except Unreadable as error:
            return _Try(
                Ending.UNREADABLE, (), answer, _joined(str(error), described(call.endpoint, answer, hidden))
            )
        except Wanting as error:
            return _Try(
                Ending.WANTING, (), answer, _joined(str(error), described(call.endpoint, answer, hidden))
            )


class SafeReads:
    """What a Reader gets: it sends a fixed list of safe reads and refuses everything else.

    ``allowed`` is that list: planning's own, unless another is named.
    """

    def __init__(self, exchange: Exchange, allowed: tuple[Endpoint, ...] = SAFE_READS) -> None:
        self._exchange = exchange
        self._allowed = allowed

    async def run(self, call: Call, understand: Callable[[Answer], T]) -> T:
        """As ``Exchange.run``.

        Raises:
            UnsafeRead: the call is not one of the safe reads.
            ApiError: the answer cannot be had or understood.
        """
        if call.endpoint not in self._allowed or call.form is not None or call.content is not None:
            raise UnsafeRead(f"{call.endpoint} is not a safe read; it must not be sent as one")
        return await self._exchange.run(call, understand)


def _ending(call: Call, answer: Answer) -> Ending:
    """The row of the table; where special access is needed a 401 is a refusal of this request alone."""
    ending = ending_of(answer.status)
    return Ending.REFUSED if ending is Ending.UNAUTHORIZED and call.endpoint.guarded else ending


def _too_long(wait: float | None) -> str:
    if wait is None or wait <= LONGEST_WAIT:
        return ""
    return f"the server asks to wait {wait:.0f} s, and {LONGEST_WAIT:.0f} s is the most we wait"


def _error(
    call: Call, attempt: _Try[T], verdict: Verdict, tries: int, *, doubted: bool, stops: str
) -> ApiError:
    if doubted and attempt.status not in call.endpoint.gone:
        verdict = Verdict.IN_DOUBT
    if attempt.status in call.endpoint.failure:
        verdict = Verdict.NOT_EXECUTED
    reason = _too_long(attempt.wait) or attempt.reason
    text = complaint(call.endpoint, attempt.ending, verdict, attempt.answer, reason, tries)
    match verdict:
        case Verdict.UNAUTHORIZED:
            return Unauthorized(text, status=attempt.status)
        case Verdict.NOT_EXECUTED:
            unsent = attempt.ending is Ending.UNSENT
            return (Withheld if unsent else NotExecuted)(text, status=attempt.status, stops=stops)
        case Verdict.IN_DOUBT:
            return InDoubt(text, status=attempt.status, stops=stops)
        case Verdict.FAILED | Verdict.DONE:
            return ApiError(text, status=attempt.status, stops=stops)
        case _ as never:
            assert_never(never)


def _joined(*parts: str) -> str:
    return "; ".join(part.rstrip(".") for part in parts if part)
