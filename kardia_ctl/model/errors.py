"""The errors of kardia-ctl. Each package maps its library's errors to these."""

from collections.abc import Sequence
from typing import Final

from kardia_ctl.model.source import Problem

KEY_REFUSED: Final = "the key was refused"
"""Why a run stops after a 401."""


class KardiaError(Exception):
    """An error for a person to read: what was being done to what, what went wrong, what to do next.

    The text never holds a key, a code or a patient's values other than the mrn.
    """


class ConfigurationError(KardiaError):
    """The configuration has problems: all of them, in the order of the files, and all warnings."""

    def __init__(self, problems: Sequence[Problem], warnings: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        self.warnings = tuple(warnings)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ApiError(KardiaError):
    """A request failed, or its response is not usable.

    ``status`` is the HTTP status of the last response, None without one. ``stops`` is the reason why the
    whole run must stop, empty when only this request failed.
    """

    def __init__(self, message: str, *, status: int | None = None, stops: str = "") -> None:
        self.status = status
        self.stops = stops
        super().__init__(message)


class NotExecuted(ApiError):  # noqa: N818  (it names an outcome, not an error)
    """The write certainly had no effect: never connected, or 400 401 403 404 409 422 429.

    ``doubted``: its target does not exist, and an earlier attempt of the same write is in doubt.
    """

    def __init__(
        self, message: str, *, status: int | None = None, stops: str = "", doubted: bool = False
    ) -> None:
        super().__init__(message, status=status, stops=stops)
        self.doubted = doubted


class Withheld(NotExecuted):
    """The write was not sent: the run stopped while it waited for a slot."""


class Outdated(Withheld):
    """The write was not sent: when its turn came, the look that it rests on was too old."""


class InDoubt(ApiError):  # noqa: N818  (it names an outcome, not an error)
    """The write may have had its effect: timeout, reset, 5xx, or a 2xx without the expected id or code."""


class Unauthorized(NotExecuted):
    """401: the key is not accepted. The run stops."""

    def __init__(self, message: str, *, status: int | None = 401) -> None:
        super().__init__(message, status=status, stops=KEY_REFUSED)


class StateError(KardiaError):
    """The state cannot be read or written."""


class LockHeld(StateError):  # noqa: N818  (it names a situation)
    """Another run holds the state's lock; the message names the run, its user and host, and its start."""


class PlanRefused(KardiaError):  # noqa: N818  (it names a decision)
    """A saved plan is altered, or made by another version; the message names which."""


class StalePlan(PlanRefused):
    """A saved plan was applied before, is too old, or was made from something that changed since: ``why``."""

    SUMMARY: Final = "Saved plan is stale"
    """Terraform's words, which tools look for, alone on the first line."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"{self.SUMMARY}: {why}")


class Interrupted(KardiaError):  # noqa: N818  (it names a situation)
    """A signal ended the command before, or beside, its first write: nothing more was sent."""

    def __init__(self) -> None:
        super().__init__("interrupted. Nothing more was sent.")


class RunStopped(KardiaError):  # noqa: N818  (it names a decision)
    """The whole run stopped before its first write: a limit, another tenant's key, a collapsed count."""
