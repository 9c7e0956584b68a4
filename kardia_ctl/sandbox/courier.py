"""Delivers what is in the outbox to the callback URLs, beside the server and never in its way.

Neither document says what becomes of a delivery that fails. Here it is tried again after 1, 5 and 25 seconds;
each attempt is a line of "Get callback logs". A 2xx is a success, a redirect is not followed.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from kardia_ctl.sandbox.account import ledger, outbox
from kardia_ctl.sandbox.account.outbox import Waiting
from kardia_ctl.sandbox.account.timeline import MICRO, Timeline
from kardia_ctl.sandbox.loopback import is_loopback

BACK_OFF: Final = (1.0, 5.0, 25.0)
"""Seconds before each further attempt."""
_TIMEOUT = 5.0
_IDLE = 0.1
_FAILED = "500"
"""The status of an attempt that got no answer: the document's own example of a failure."""
_WORDS: Final = {
    "newRecording": "new recording",
    "qtAnalysis": "qt analysis",
    "qtResultNotification": "qt result notification",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: the status for the log, why it failed, and whether to try again."""

    status: str
    reason: str | None = None
    again: bool = True


class Courier:
    """Takes messages out of an account's outbox, one after the other.

    Attributes:
        anywhere: whether it delivers beyond this machine.
    """

    def __init__(
        self,
        account: Timeline,
        *,
        anywhere: bool = False,
        post: Callable[[SplitResult, str], Outcome] | None = None,
    ) -> None:
        self.anywhere = anywhere
        self._account = account
        self._post = post or _post

    def deliver_due(self) -> int:
        """Try every message that is due, once, and return how many there were."""
        count = 0
        while self._step():
            count += 1
        return count

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop."""
        while not stop.is_set():
            if not self._step():
                stop.wait(_IDLE)

    def _step(self) -> bool:
        account = self._account
        with account.reading() as db:
            one = outbox.due(db, account.micros())
            url = None if one is None else ledger.callback(db, one.hook)
        if one is None:
            return False
        outcome = (
            Outcome(_FAILED, "no callback url is set", again=False) if url is None else self._try(url, one)
        )
        self._settle(one, outcome)
        return True

    def _try(self, url: str, one: Waiting) -> Outcome:
        try:
            parts = urlsplit(url)
            if not (self.anywhere or is_loopback(parts.hostname)):
                return Outcome(_FAILED, "the sandbox delivers to this machine alone", again=False)
            return self._post(parts, one.body)
        except (OSError, HTTPException, ValueError) as error:
            return Outcome(_FAILED, _reason(error))

    def _settle(self, one: Waiting, outcome: Outcome) -> None:
        error = None
        if outcome.reason is not None:
            error = f"Failed to send {_WORDS.get(one.event, one.event)} to callback url: {outcome.reason}"
        with self._account.writing() as db:
            now = self._account.micros()
            outbox.settle(db, one, outcome.status, error, now)
            if error is not None and outcome.again and one.attempts < len(BACK_OFF):
                outbox.postpone(db, one, now + int(BACK_OFF[one.attempts] * MICRO))


@contextmanager
def delivering(account: Timeline, *, anywhere: bool = False) -> Iterator[None]:
    """Deliver in a thread for as long as the block runs."""
    stop = threading.Event()
    courier = Courier(account, anywhere=anywhere)
    thread = threading.Thread(target=courier.run, args=(stop,), name="kardia-courier", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _post(parts: SplitResult, body: str) -> Outcome:
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        import ssl

        context = ssl.create_default_context()
        connection: HTTPConnection = HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)
    else:
        connection = HTTPConnection(host, port, timeout=_TIMEOUT)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"user-agent": "kardia-ctl-sandbox"}
    if body:
        headers["content-type"] = "application/json"
    try:
        connection.request("POST", path, body.encode(), headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    return Outcome(str(status), None if 200 <= status < 300 else f"it answered {status}")


def _reason(error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return "connection refused"
        case TimeoutError():
            return "no answer in time"
        case _:
            return type(error).__name__
