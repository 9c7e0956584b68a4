"""What is known after each way a request can end, as one table.

=====================  ===============  ====================  ===================
how it ended           safe             repeatable            once
=====================  ===============  ====================  ===================
never sent             failed           not executed          not executed
never connected        failed, again    not executed, again   same
no response            failed, again    in doubt, again       in doubt
2xx                    done             done                  done
2xx, not readable      failed, again    in doubt, again       in doubt
2xx, unexpected        failed           in doubt, again       in doubt
3xx                    failed           in doubt, again       in doubt
400 403 404 409 422    failed           not executed          not executed
401                    unauthorized     unauthorized          unauthorized
429                    failed, again    not executed, again   same
408 425                failed, again    in doubt, again       in doubt
other 4xx              failed           in doubt, again       in doubt
5xx                    failed, again    in doubt, again       in doubt
=====================  ===============  ====================  ===================
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from kardia_ctl.api.endpoints import Nature


class Ending(Enum):
    """How one attempt to send a request ended."""

    UNSENT = "never sent"
    NEVER_CONNECTED = "never connected"
    LOST = "no response"
    SUCCESS = "2xx"
    UNREADABLE = "2xx, not readable"
    UNEXPECTED = "2xx, unexpected"
    REDIRECT = "3xx"
    REFUSED = "400 403 404 409 422"
    UNAUTHORIZED = "401"
    THROTTLED = "429"
    EARLY = "408 425"
    OTHER_CLIENT_ERROR = "other 4xx"
    SERVER_ERROR = "5xx"


class Conclusion(Enum):
    """What is known of a request's effect. A failed read had no effect either, but is not a write."""

    DONE = "done"
    FAILED = "failed"
    NOT_EXECUTED = "not executed"
    UNAUTHORIZED = "unauthorized"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known, and whether the same request may be sent again."""

    conclusion: Conclusion
    again: bool = False


_DONE: Final = Outcome(Conclusion.DONE)
_FAILED: Final = Outcome(Conclusion.FAILED)
_FAILED_AGAIN: Final = Outcome(Conclusion.FAILED, again=True)
_UNSENT: Final = Outcome(Conclusion.NOT_EXECUTED)
_UNSENT_AGAIN: Final = Outcome(Conclusion.NOT_EXECUTED, again=True)
_KEY: Final = Outcome(Conclusion.UNAUTHORIZED)
_DOUBT: Final = Outcome(Conclusion.IN_DOUBT)
_DOUBT_AGAIN: Final = Outcome(Conclusion.IN_DOUBT, again=True)

_TABLE: Final = {
    Ending.UNSENT: (_FAILED, _UNSENT, _UNSENT),
    Ending.NEVER_CONNECTED: (_FAILED_AGAIN, _UNSENT_AGAIN, _UNSENT_AGAIN),
    Ending.LOST: (_FAILED_AGAIN, _DOUBT_AGAIN, _DOUBT),
    Ending.SUCCESS: (_DONE, _DONE, _DONE),
    Ending.UNREADABLE: (_FAILED_AGAIN, _DOUBT_AGAIN, _DOUBT),
    Ending.UNEXPECTED: (_FAILED, _DOUBT_AGAIN, _DOUBT),
    Ending.REDIRECT: (_FAILED, _DOUBT_AGAIN, _DOUBT),
    Ending.REFUSED: (_FAILED, _UNSENT, _UNSENT),
    Ending.UNAUTHORIZED: (_KEY, _KEY, _KEY),
    Ending.THROTTLED: (_FAILED_AGAIN, _UNSENT_AGAIN, _UNSENT_AGAIN),
    Ending.EARLY: (_FAILED_AGAIN, _DOUBT_AGAIN, _DOUBT),
    Ending.OTHER_CLIENT_ERROR: (_FAILED, _DOUBT_AGAIN, _DOUBT),
    Ending.SERVER_ERROR: (_FAILED_AGAIN, _DOUBT_AGAIN, _DOUBT),
}
_COLUMN: Final = {Nature.SAFE: 0, Nature.REPEATABLE: 1, Nature.ONCE: 2}

_STATUS: Final = {
    400: Ending.REFUSED,
    401: Ending.UNAUTHORIZED,
    403: Ending.REFUSED,
    404: Ending.REFUSED,
    408: Ending.EARLY,
    409: Ending.REFUSED,
    422: Ending.REFUSED,
    425: Ending.EARLY,
    429: Ending.THROTTLED,
}
_HUNDREDS: Final = {
    2: Ending.SUCCESS,
    3: Ending.REDIRECT,
    4: Ending.OTHER_CLIENT_ERROR,
}


def judge(nature: Nature, ending: Ending) -> Outcome:
    """The cell of the table."""
    return _TABLE[ending][_COLUMN[nature]]


def ending_of(status: int) -> Ending:
    """The row for an HTTP status, before its body is read. An invalid status counts as 5xx."""
    return _STATUS.get(status) or _HUNDREDS.get(status // 100, Ending.SERVER_ERROR)
