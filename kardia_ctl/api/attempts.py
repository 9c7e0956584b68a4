"""How one sending of a call ended, and the error that the last one becomes."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar, assert_never

from kardia_ctl.api.answer import Answer
from kardia_ctl.api.error_body import error_message
from kardia_ctl.api.http.cause import ConnectionFailure
from kardia_ctl.api.http.transport import Call
from kardia_ctl.api.limits.retry import LONGEST_WAIT
from kardia_ctl.api.outcomes import Conclusion, Ending
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Outdated, Unauthorized, Withheld

T = TypeVar("T")

_MAY_ASK_TO_WAIT: Final = frozenset({Ending.THROTTLED, Ending.EARLY, Ending.SERVER_ERROR})


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """How one sending ended. ``values`` holds the result of a success; ``reason`` is safe to print.

    ``outdated``: it was not sent because the call was no longer current. ``cause``: why there was no
    connection or no answer.
    """

    ending: Ending
    values: tuple[T, ...] = ()
    answer: Answer | None = None
    reason: str = ""
    outdated: bool = False
    cause: ConnectionFailure | None = None

    @property
    def status(self) -> int | None:
        """The status of the answer; None without one."""
        return self.answer.status if self.answer else None

    @property
    def wait(self) -> float | None:
        """Seconds of Retry-After, where they count."""
        return self.answer.wait if self.answer and self.ending in _MAY_ASK_TO_WAIT else None


def too_long(wait: float | None) -> str:
    """Why the run ends when the server asks to wait so long; empty when it can be waited for."""
    if wait is None or wait <= LONGEST_WAIT:
        return ""
    return f"the server asks to wait {wait:.0f} s, more than the {LONGEST_WAIT:.0f} s that kardia-ctl waits"


def error_of(
    call: Call,
    attempt: Attempt[T],
    conclusion: Conclusion,
    tries: int,
    *,
    doubted: bool,
    stops: str,
    remedy: str = "",
) -> ApiError:
    """The error of a call whose last attempt ended so; ``remedy`` replaces the usual next step."""
    gone = attempt.status in call.endpoint.gone
    if doubted and not gone:
        conclusion = Conclusion.IN_DOUBT
    if attempt.status in call.endpoint.failure:
        conclusion = Conclusion.NOT_EXECUTED
    reason = too_long(attempt.wait) or attempt.reason
    text = error_message(
        call.endpoint, attempt.ending, conclusion, attempt.answer, reason, tries, remedy=remedy
    )
    match conclusion:
        case Conclusion.UNAUTHORIZED:
            return Unauthorized(text, status=attempt.status)
        case Conclusion.NOT_EXECUTED:
            kind = _not_executed(attempt)
            return kind(text, status=attempt.status, stops=stops, doubted=doubted and gone)
        case Conclusion.IN_DOUBT:
            return InDoubt(text, status=attempt.status, stops=stops)
        case Conclusion.FAILED | Conclusion.DONE:
            return ApiError(text, status=attempt.status, stops=stops)
        case _ as never:
            assert_never(never)


def _not_executed(attempt: Attempt[T]) -> type[NotExecuted]:
    if attempt.ending is not Ending.UNSENT:
        return NotExecuted
    return Outdated if attempt.outdated else Withheld
