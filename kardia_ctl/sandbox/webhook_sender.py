"""Delivers the messages of the outbox to the callback URLs, in a thread of its own.

Neither document says what happens after a failed delivery. Here it is retried after 1, 5 and 25 seconds, and
each attempt is an entry of "Get callback logs". A 2xx is a success; redirects are not followed.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.outbox import QueuedMessage
from kardia_ctl.sandbox.account.timeline import MICRO
from kardia_ctl.sandbox.loopback import is_loopback, loopback_target

BACK_OFF: Final = (1.0, 5.0, 25.0)
"""Seconds before each retry."""
_TIMEOUT = 5.0
_IDLE = 0.1
_FAILED = "500"
"""The status of an attempt without a response: the document's own example of a failure."""
_WORDS: Final = {
    "newRecording": "new recording",
    "qtAnalysis": "qt analysis",
    "qtResultNotification": "qt result notification",
}


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of an attempt: the logged status, the reason of a failure, and whether to retry."""

    status: str
    reason: str | None = None
    retry: bool = True


class WebhookSender:
    """Delivers an account's queued messages, one after the other.

    Attributes:
        anywhere: whether it delivers to other machines too.
    """

    def __init__(
        self,
        account: Account,
        *,
        anywhere: bool = False,
        post: Callable[[SplitResult, str], DeliveryResult] | None = None,
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
        """Deliver until `stop` is set."""
        while not stop.is_set():
            if not self._step():
                stop.wait(_IDLE)

    def _step(self) -> bool:
        account = self._account
        with account.reading():
            message = account.outbox.due()
            url = None if message is None else account.settings.callback(message.hook)
        if message is None:
            return False
        if url is None:
            result = DeliveryResult(_FAILED, "no callback url is set", retry=False)
        else:
            result = self._try(url, message)
        self._settle(message, result)
        return True

    def _try(self, url: str, message: QueuedMessage) -> DeliveryResult:
        try:
            parts = urlsplit(url)
            if not (self.anywhere or is_loopback(parts.hostname)):
                return DeliveryResult(_FAILED, "the sandbox delivers to this machine only", retry=False)
            return self._post(parts, message.body)
        except (OSError, HTTPException, ValueError) as error:
            return DeliveryResult(_FAILED, _reason(error))

    def _settle(self, message: QueuedMessage, result: DeliveryResult) -> None:
        error, retry_in = None, None
        if result.reason is not None:
            event = _WORDS.get(message.event, message.event)
            error = f"Failed to send {event} to callback url: {result.reason}"
            if result.retry and message.attempts < len(BACK_OFF):
                retry_in = int(BACK_OFF[message.attempts] * MICRO)
        self._account.outbox.settle(message, result.status, error, retry_in)


@contextmanager
def delivering(account: Account, *, anywhere: bool = False) -> Iterator[None]:
    """Deliver in a thread while the block runs."""
    stop = threading.Event()
    sender = WebhookSender(account, anywhere=anywhere)
    thread = threading.Thread(target=sender.run, args=(stop,), name="kardia-webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _post(parts: SplitResult, body: str) -> DeliveryResult:
    host, port = parts.hostname or "", parts.port
    host = loopback_target(host) or host  # what was checked is what is connected to
    if parts.scheme == "https":
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the default one obeys SSLKEYLOGFILE
        context.load_default_certs()
        connection: HTTPConnection = HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)
    else:
        connection = HTTPConnection(host, port, timeout=_TIMEOUT)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"host": parts.netloc.rpartition("@")[2], "user-agent": "kardia-ctl-sandbox"}
    if body:
        headers["content-type"] = "application/json"
    try:
        connection.request("POST", path, body.encode(), headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    return DeliveryResult(str(status), None if 200 <= status < 300 else f"the response was {status}")


def _reason(error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return "connection refused"
        case TimeoutError():
            return "no response in time"
        case _:
            return type(error).__name__
