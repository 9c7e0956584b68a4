"""What the log says about one request: nothing of its query's values, its form or its answer."""

from collections.abc import Callable
from dataclasses import dataclass

from kardia_ctl.api.answer import Answer
from kardia_ctl.api.http.transport import Call


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One sending of a request.

    Attributes:
        call: What was sent.
        attempt: Which sending of this call it was, from 1.
        seconds: How long it took.
        answer: The answer; None where there was none.
        cause: Why there was none.
    """

    call: Call
    attempt: int
    seconds: float
    answer: Answer | None = None
    cause: str = ""

    def line(self, *, details: bool = False) -> str:
        """Method, path, status, duration, attempt, bytes; with ``details`` the names of its parameters."""
        endpoint = self.call.endpoint
        path = endpoint.path.partition("?")[0]
        outcome = self.cause or "no answer" if self.answer is None else str(self.answer.status)
        sent, received = len(self.call.body or b""), len(self.answer.body) if self.answer else 0
        text = (
            f"{endpoint.method} {path} {outcome} {self.seconds:.3f}s attempt={self.attempt} "
            f"sent={sent} received={received}"
        )
        return f"{text}{self._details()}" if details else text

    def _details(self) -> str:
        call, answer = self.call, self.answer
        ids = call.ids if call.endpoint.path.startswith("/v1/") else ()  # those of pro may be mrns
        parts = {
            "ids": ids,
            "query": [name for name, _ in call.query],
            "form": [name for name, _ in call.form or ()],
            "type": [answer.content_type] if answer and answer.content_type else (),
            "wait": [f"{answer.wait:g}s"] if answer and answer.wait is not None else (),
        }
        return "".join(f" {name}={','.join(values)}" for name, values in parts.items() if values)


RequestLog = Callable[[SentRequest], None]
"""Receives each request once its outcome is known."""
