"""From a call to its result: sending, judging, waiting, sending again, and saying what went wrong."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar, assert_never

from kardia_ctl.api.complaints import complaint, described
from kardia_ctl.api.endpoints import SAFE_READS
from kardia_ctl.api.outcome import Ending, Outcome, Verdict, ending_of, judge
from kardia_ctl.api.retry import LONGEST_WAIT, RetryBudget, RetryPolicy
from kardia_ctl.api.transport import LOST, NEVER_CONNECTED, Call, Transport
from kardia_ctl.api.wire import Answer, Unreadable, Wanting
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Unauthorized

T = TypeVar("T")


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
        return self.answer.wait if self.answer else None


class Exchange:
    """Sends calls, again where that is right.

    ``secrets`` are values, the key first, that no error may repeat. ``sleep`` waits for seconds, ``rng``
    draws the jitter, ``budget`` is shared by all workers.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        secrets: tuple[str, ...],
        sleep: Callable[[float], Awaitable[None]],
        rng: Random,
        policy: RetryPolicy,
        budget: RetryBudget,
    ) -> None:
        self._transport = transport
        self._secrets = secrets
        self._sleep = sleep
        self._rng = rng
        self._policy = policy
        self._budget = budget

    async def run(self, call: Call, understand: Callable[[Answer], T]) -> T:
        """Send a call, again where its nature allows it, and return what ``understand`` makes of the answer.

        Raises:
            NotExecuted: a write that certainly had no effect (Unauthorized: the key is not accepted).
            InDoubt: a write that may have had its effect, in its last try or an earlier one.
            ApiError: a read whose answer cannot be had or understood.
        """
        doubted = False
        tries = 0
        while True:
            tries += 1
            attempt = await self._try(call, understand)
            outcome = judge(call.endpoint.nature, attempt.ending)
            if outcome.verdict is Verdict.DONE:
                self._budget.refund()
                return attempt.values[0]
            doubted = doubted or outcome.verdict is Verdict.IN_DOUBT
            if not self._again(outcome, attempt.wait, tries, doubted=doubted):
                raise _error(call, attempt, outcome.verdict, tries, doubted=doubted)
            await self._sleep(self._policy.wait(tries, self._rng) if attempt.wait is None else attempt.wait)

    def _again(self, outcome: Outcome, wait: float | None, tries: int, *, doubted: bool) -> bool:
        most = self._policy.doubtful if doubted else self._policy.tries
        return outcome.again and tries < most and (wait or 0) <= LONGEST_WAIT and self._budget.take()

    async def _try(self, call: Call, understand: Callable[[Answer], T]) -> _Try[T]:
        # The library's exceptions hold the request, with its key and its form: they are not chained.
        try:
            answer = await self._transport.send(call)
        except NEVER_CONNECTED as error:
            return _Try(Ending.NEVER_CONNECTED, reason=type(error).__name__)
        except LOST as error:
            return _Try(Ending.LOST, reason=type(error).__name__)
        hidden = (*self._secrets, *call.hidden)
        if not 200 <= answer.status < 300 and answer.status not in call.endpoint.absent:
            return _Try(ending_of(answer.status), (), answer, described(call.endpoint, answer, hidden))
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
    """What a Reader gets: it sends the fixed list of safe reads and refuses everything else."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def run(self, call: Call, understand: Callable[[Answer], T]) -> T:
        """As ``Exchange.run``.

        Raises:
            UnsafeRead: the call is not one of the safe reads.
            ApiError: the answer cannot be had or understood.
        """
        if call.endpoint not in SAFE_READS or call.form is not None:
            raise UnsafeRead(f"{call.endpoint} is not a safe read; planning must not send it")
        return await self._exchange.run(call, understand)


def _error(call: Call, attempt: _Try[T], verdict: Verdict, tries: int, *, doubted: bool) -> ApiError:
    if doubted and attempt.status not in call.endpoint.gone:
        verdict = Verdict.IN_DOUBT
    if attempt.status in call.endpoint.failure:
        verdict = Verdict.NOT_EXECUTED
    reason = attempt.reason
    if attempt.wait is not None and attempt.wait > LONGEST_WAIT:
        reason = f"the server asks to wait {attempt.wait:.0f} s, and {LONGEST_WAIT:.0f} s is the most we wait"
    text = complaint(call.endpoint, attempt.ending, verdict, attempt.answer, reason, tries)
    match verdict:
        case Verdict.UNAUTHORIZED:
            return Unauthorized(text, status=attempt.status)
        case Verdict.NOT_EXECUTED:
            return NotExecuted(text, status=attempt.status)
        case Verdict.IN_DOUBT:
            return InDoubt(text, status=attempt.status)
        case Verdict.FAILED | Verdict.DONE:
            return ApiError(text, status=attempt.status)
        case _ as never:
            assert_never(never)


def _joined(*parts: str) -> str:
    return "; ".join(part.rstrip(".") for part in parts if part)
