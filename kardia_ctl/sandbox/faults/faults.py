"""The rules of injected faults: plain values, seeded.

The random draws depend on the seed, the request, and how often that same request came before: other requests,
in any order, do not change them. (`times` and `skip` count the requests that a rule covers, in their order.)
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any, Self, TypeVar

_E = TypeVar("_E", bound=Enum)
_KNOWN = frozenset(status.value for status in HTTPStatus)


class FaultKind(Enum):
    """What a fault does to a request."""

    UNAVAILABLE = "unavailable"
    """503, with Retry-After if `retry_after` is given."""
    THROTTLED = "throttled"
    """429, with Retry-After if `retry_after` is given; the request has no effect."""
    DROPPED = "dropped"
    """The connection is reset without a byte of a response."""
    LATE_COMMIT = "late-commit"
    """The connection is reset, and the request takes effect `seconds` later."""
    HTML = "html"
    """An HTML page with `status`, as a proxy would send it."""
    ERROR = "error"
    """The documented error object with `status`, such as 500, or even 200."""
    REDIRECT = "redirect"
    """302 to another host; the request has no effect."""
    TRUNCATED = "truncated"
    """The request takes effect, and its response breaks off in the middle."""
    SLOW = "slow"
    """The request takes effect, and its response body takes `seconds`."""


class Moment(Enum):
    """Whether UNAVAILABLE, DROPPED, HTML and ERROR happen before the request takes effect, or after it."""

    BEFORE = "before"
    AFTER = "after"


_AT_EITHER_MOMENT = (FaultKind.UNAVAILABLE, FaultKind.DROPPED, FaultKind.HTML, FaultKind.ERROR)


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A kind of fault, the requests that it applies to, and how often.

    Attributes:
        kind: the kind of fault.
        moment: before or after the effect, for the kinds where both are possible.
        probability: 0 to 1, for each covered request.
        methods: the covered HTTP methods; empty means all.
        path: the covered paths, where `*` matches any text: "/v1/patients", "/v1/patients/*", "*".
        times: the maximum number of faults; None means no limit.
        skip: how many covered requests pass before the first fault.
        seconds: the delay of LATE_COMMIT and SLOW.
        status: the response status of HTML and ERROR.
        retry_after: the Retry-After of THROTTLED and UNAVAILABLE, as sent: seconds or an HTTP date.
    """

    kind: FaultKind
    moment: Moment = Moment.BEFORE
    probability: float = 1.0
    methods: frozenset[str] = frozenset()
    path: str = "*"
    times: int | None = None
    skip: int = 0
    seconds: float = 1.0
    status: int = 502
    retry_after: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("fault probability: must be 0 to 1")
        if self.seconds < 0 or self.skip < 0 or (self.times is not None and self.times < 0):
            raise ValueError("fault seconds, skip and times: must not be negative")
        if not 200 <= self.status <= 599:
            raise ValueError("fault status: must be 200 to 599")
        if self.kind is FaultKind.ERROR and self.status not in _KNOWN:
            raise ValueError("fault status: must be an HTTP status")

    def covers(self, method: str, path: str) -> bool:
        """Return whether the rule applies to such a request."""
        return (not self.methods or method in self.methods) and fnmatchcase(path, self.path)

    @property
    def name(self) -> str:
        """The name in the request log: "dropped-after", "late-commit"."""
        if self.kind in _AT_EITHER_MOMENT:
            return f"{self.kind.value}-{self.moment.value}"
        return str(self.kind.value)

    @property
    def is_after(self) -> bool:
        """Whether the request takes effect before its connection or response is replaced."""
        return self.kind in _AT_EITHER_MOMENT and self.moment is Moment.AFTER

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Read a rule from JSON values: `{"kind": "dropped", "moment": "after", "methods": ["POST"]}`.

        Raises:
            ValueError: an unknown name or value, which the message names.
        """
        _known(mapping, {field.name for field in fields(cls)}, "fault")
        values = dict(mapping)
        values["kind"] = _choice(FaultKind, values.get("kind"))
        if "moment" in values:
            values["moment"] = _choice(Moment, values["moment"])
        methods = values.get("methods", [])
        if not isinstance(methods, list) or not all(isinstance(method, str) for method in methods):
            raise ValueError("fault methods: must be a list of HTTP methods")
        values["methods"] = frozenset(method.upper() for method in methods)
        _typed(values, ("path", "retry_after"), str, "text")
        _typed(values, ("probability", "seconds"), (int, float), "a number")
        _typed(values, ("times", "skip", "status"), int, "a whole number")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Faults:
    """A seeded set of rules; the first that applies to a request and draws a fault is used.

    Attributes:
        rules: in order of precedence.
        seed: the seed of the random draws.
        latency: the minimum and maximum delay of every request, in seconds.
    """

    rules: tuple[FaultRule, ...] = ()
    seed: int = 0
    latency: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        least, most = self.latency
        if not 0 <= least <= most:
            raise ValueError("faults latency: must be two numbers of seconds, the smaller first")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Read faults from JSON values: `{"seed": 1, "latency": [0, 0.1], "rules": [{"kind": "dropped"}]}`.

        Raises:
            ValueError: an unknown name or value, which the message names.
        """
        _known(mapping, {"rules", "seed", "latency"}, "faults")
        rules, latency = mapping.get("rules", []), mapping.get("latency", [0, 0])
        if not isinstance(rules, list) or not all(isinstance(rule, Mapping) for rule in rules):
            raise ValueError("faults rules: must be a list of faults")
        if not isinstance(latency, list) or [type(part) in (int, float) for part in latency] != [True, True]:
            raise ValueError("faults latency: must be two numbers of seconds, the smaller first")
        _typed(mapping, ("seed",), int, "a whole number")
        return cls(
            rules=tuple(FaultRule.from_mapping(rule) for rule in rules),
            seed=mapping.get("seed", 0),
            latency=(float(latency[0]), float(latency[1])),
        )


def _known(mapping: Mapping[str, Any], names: set[str], noun: str) -> None:
    if unknown := sorted(set(mapping) - names):
        raise ValueError(f"{noun}: unknown name {unknown[0]!r}; known are {', '.join(sorted(names))}")


def _choice(kind: type[_E], value: Any) -> _E:
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(str(choice.value) for choice in kind)
        raise ValueError(
            f"fault {kind.__name__.removeprefix('Fault').lower()}: must be one of {choices}"
        ) from None


def _typed(
    values: Mapping[str, Any], names: tuple[str, ...], kind: type | tuple[type, ...], noun: str
) -> None:
    for name in names:
        if name in values and (isinstance(values[name], bool) or not isinstance(values[name], kind)):
            raise ValueError(f"faults {name}: must be {noun}")
