"""Ends a run when the server answers no request."""

from math import inf
from typing import Final

MAX_SECONDS: Final = 45.0
"""Seconds without a success after which a run ends, not counting waits that the server asked for."""

MAX_FAILURES: Final = 50
"""Failures in a row after which a run ends; only requests sent after the first failure count."""


class Outage:
    """A period in which every request fails; all workers share it.

    Without it, each of thousands of writes would be sent to the failing server, and each might end in doubt.
    Library circuit breakers close again after a time; this one ends the run, and does not count waits that
    the server asked for.
    """

    def __init__(self, longest: float = MAX_SECONDS, most: int = MAX_FAILURES) -> None:
        self._longest = longest
        self._most = most
        self._since: float | None = None
        self._last = -inf
        self._failures = 0

    @property
    def known(self) -> bool:
        """Whether the last request that ended was a failure."""
        return self._since is not None

    @property
    def deadline(self) -> float:
        """When the run ends unless a request succeeds, by the clock of ``failed``."""
        return inf if self._since is None else self._since + self._longest

    def over(self) -> None:
        """End the outage: a request was answered."""
        self._since = None
        self._failures = 0

    def failed(self, began: float, *, warned: bool, resumes: float | None = None) -> None:
        """Count a failed request. After a long time without requests, it begins another outage.

        Args:
            began: when it was sent.
            warned: whether the outage was ``known`` then.
            resumes: when the server asks for the next request, if it does.
        """
        if self._since is None or began - self._last > self._longest:
            self._since = began
        self._last = began if resumes is None else max(began, resumes)
        if resumes is not None:
            self._since = max(self._since, resumes)
        self._failures += warned

    def stop_reason(self, next_sending: float) -> str:
        """Why the run ends, when nothing can be sent before that time; empty while it goes on."""
        if self._failures >= self._most:
            return f"nothing got through in {self._failures} tries in a row"
        if next_sending >= self.deadline:
            return f"nothing got through for {self._longest:.0f} s"
        return ""
