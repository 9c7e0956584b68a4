"""The URL of a state in an object store."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from kardia_ctl.model.errors import StateError

SCHEMES: Final = ("s3", "az", "gs")

_LEASE: Final = 30.0
_SHORTEST, _LONGEST = 2.0, 3600.0
_FORM: Final = "SCHEME://BUCKET/PREFIX, for example s3://clinic-state/kardia"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]")
_PREFIX: Final = re.compile(r"[A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*")


@dataclass(frozen=True, slots=True)
class ObjectsUrl:
    """Where a state is: ``lease`` is for how many seconds a silent holder keeps its lock."""

    scheme: str
    bucket: str
    prefix: str
    lease: float = _LEASE

    @property
    def place(self) -> str:
        """The URL without options, for messages."""
        return f"{self.scheme}://{self.bucket}/{self.prefix}"


def parse_url(url: str) -> ObjectsUrl:
    """The parts of a URL such as ``s3://bucket/prefix?lease=30``.

    Raises:
        StateError: it is not such a URL. The message does not repeat it: it may hold a key by mistake.
    """
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _wrong("it cannot be read as a URL") from None
    prefix = parts.path.strip("/")
    if "@" in parts.netloc or not _BUCKET.fullmatch(parts.netloc):
        raise _wrong("after :// it needs the name of a bucket or container, and no user, key or port")
    if parts.fragment or not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
        raise _wrong("after the bucket it needs a prefix of letters, digits and . _ = - /")
    return ObjectsUrl(parts.scheme, parts.netloc, prefix, _lease(options))


def _lease(options: dict[str, str]) -> float:
    text = options.pop("lease", str(_LEASE))
    if options:
        raise _wrong("the only option is lease, as in ?lease=30")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _SHORTEST <= seconds <= _LONGEST:
        raise _wrong(f"lease is a number of seconds from {_SHORTEST:g} to {_LONGEST:g}")
    return seconds


def _wrong(reason: str) -> StateError:
    return StateError(f"the state URL is wrong: {reason}. Next: write {_FORM}")
