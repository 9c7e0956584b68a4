"""Requests that only look whether somebody listens: of a load balancer, a monitor, or a person's browser."""

from hmac import compare_digest
from typing import Final

HEALTH: Final = b"/healthz"
"""The path that probes ask by custom. Its answer says nothing but that somebody listens."""


def is_probe(method: str, path: bytes, own: bytes) -> bool:
    """Whether a request delivers nothing and asks our path, or the one for probes."""
    return method in ("GET", "HEAD") and any(
        compare_digest(path, asked) for asked in (own, own + b"/", HEALTH, HEALTH + b"/")
    )
