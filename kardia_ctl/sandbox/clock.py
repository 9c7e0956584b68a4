"""A clock that moves when it is told to, for tests that must not wait."""


class ManualClock:
    """Pass it as `Account(now=clock)` and its `sleep` as `create_app(sleep=clock.sleep)`; in seconds."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start

    def __call__(self) -> float:
        """Return the time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time pass without waiting for it."""
        self._now += seconds
