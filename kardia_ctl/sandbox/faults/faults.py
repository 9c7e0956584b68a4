"""What can go wrong on the way to the API and back: plain values, seeded.

Chance is drawn from the seed, the rule's place, the request itself and how often that same request came
before: other requests, in whatever order, do not change it. (`times` and `skip` count what a rule covers, in
the order of arrival.)
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
    """503, with Retry-After when `retry_after` is given."""
    THROTTLED = "throttled"
    """429, with Retry-After when `retry_after` is given; the request has no effect."""
    DROPPED = "dropped"
    """The connection is reset without a byte of an answer."""
    LATE_COMMIT = "late-commit"
    """The connection is reset, and the request takes effect `seconds` later."""
    HTML = "html"
    """An HTML page with `status`, as a proxy would answer."""
    ERROR = "error"
    """The documented error object with `status`: 500 for one, or 200, which makes it no success."""
    REDIRECT = "redirect"
    """302 to another place; the request has no effect."""
    TRUNCATED = "truncated"
    """The request takes effect, and its answer breaks off in the middle."""
    SLOW = "slow"
    """The request takes effect, and its answer's body takes `seconds`."""


class Moment(Enum):
    """Whether UNAVAILABLE, DROPPED, HTML and ERROR strike before the request takes effect, or after it."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule: a kind of fault, the requests it may strike and how often.

    Attributes:
        kind: what happens.
        moment: before or after the effect, for the kinds that have a choice.
        probability: 0 to 1, for each request that the rule covers.
        methods: the HTTP methods that it covers; none means all.
        path: the path that it covers, `*` standing for any text: "/v1/patients", "/v1/patients/*", "*".
        times: how often it strikes at most; None is without end.
        skip: how many requests that it covers pass before it may strike.
        seconds: the time that LATE_COMMIT and SLOW take.
        status: the status of HTML and ERROR.
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
            raise ValueError("fault status: must be one that HTTP knows")

    def covers(self, method: str, path: str) -> bool:
        """Whether the rule is about such a request."""
        return (not self.methods or method in self.methods) and fnmatchcase(path, self.path)

    @property
    def name(self) -> str:
        """What the request log calls it: "dropped-after", "late-commit"."""
        if self.kind in (FaultKind.UNAVAILABLE, FaultKind.DROPPED, FaultKind.HTML, FaultKind.ERROR):
            return f"{self.kind.value}-{self.moment.value}"
        return str(self.kind.value)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Read a rule from plain JSON: `{"kind": "dropped", "moment": "after", "methods": ["POST"]}`.

        Raises:
            ValueError: an unknown name or value, named in the message.
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
    """A seeded set of rules; of those that cover a request, the first that strikes is played.

    Attributes:
        rules: in order of precedence.
        seed: what chance is drawn from.
        latency: the least and the most seconds that every request takes.
    """

    rules: tuple[Fault, ...] = ()
    seed: int = 0
    latency: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        least, most = self.latency
        if not 0 <= least <= most:
            raise ValueError("faults latency: must be two numbers of seconds, the smaller one first")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Read faults from plain JSON: `{"seed": 1, "latency": [0, 0.1], "rules": [{"kind": "dropped"}]}`.

        Raises:
            ValueError: an unknown name or value, named in the message.
        """
        _known(mapping, {"rules", "seed", "latency"}, "faults")
        rules, latency = mapping.get("rules", []), mapping.get("latency", [0, 0])
        if not isinstance(rules, list) or not all(isinstance(rule, Mapping) for rule in rules):
            raise ValueError("faults rules: must be a list of faults")
        if not isinstance(latency, list) or [type(part) in (int, float) for part in latency] != [True, True]:
            raise ValueError("faults latency: must be two numbers of seconds, the smaller one first")
        _typed(mapping, ("seed",), int, "a whole number")
        return cls(
            rules=tuple(Fault.from_mapping(rule) for rule in rules),
            seed=mapping.get("seed", 0),
            latency=(float(latency[0]), float(latency[1])),
        )


def _known(mapping: Mapping[str, Any], names: set[str], noun: str) -> None:
    if unknown := sorted(set(mapping) - names):
        raise ValueError(f"{noun}: {unknown[0]!r} is not known; known are {', '.join(sorted(names))}")


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
