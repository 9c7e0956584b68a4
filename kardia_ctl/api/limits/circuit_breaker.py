"""When to stop asking a server that answers nobody."""

from math import inf
from typing import Final

LONGEST: Final = 45.0
"""Seconds without a success after which a run ends, waits that the server named left out."""

MOST: Final = 50
"""Sendings in a row, begun after the first failure was known, after which a run ends."""


class Outage:
    """A time in which nothing gets through, as all workers see it together.

    Without it each of thousands of writes would meet the same dead server on its own, and each might come
    back in doubt. Circuit breakers of libraries count the failures of one callee and open again by the clock;
    here the end is the end of the run, and a wait that the server named does not count.
    """

    def __init__(self, longest: float = LONGEST, most: int = MOST) -> None:
        self._longest = longest
        self._most = most
        self._since: float | None = None
        self._last = -inf
        self._failures = 0

    @property
    def known(self) -> bool:
        """Whether the last thing heard was a failure."""
        return self._since is not None

    @property
    def deadline(self) -> float:
        """When the run ends unless something gets through, by the clock of ``failed``."""
        return inf if self._since is None else self._since + self._longest

    def over(self) -> None:
        """Something got through."""
        self._since = None
        self._failures = 0

    def failed(self, began: float, *, warned: bool, resumes: float | None = None) -> None:
        """A sending failed. After a long time in which nothing was sent, this is another outage.

        Args:
            began: when it left.
            warned: whether the outage was ``known`` then.
            resumes: when the server wants to be asked again, if it has said so.
        """
        if self._since is None or began - self._last > self._longest:
            self._since = began
        self._last = began if resumes is None else max(began, resumes)
        if resumes is not None:
            self._since = max(self._since, resumes)
        self._failures += warned

    def verdict(self, next_sending: float) -> str:
        """Why the run ends, when nothing can be sent before that time; empty while it goes on."""
        if self._failures >= self._most:
            return f"nothing got through in {self._failures} tries in a row"
        if next_sending >= self.deadline:
            return f"nothing got through for {self._longest:.0f} s"
        return ""
