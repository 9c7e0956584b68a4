"""The transport that cassettes stand in for."""

import httpx


def recorded() -> httpx.AsyncBaseTransport:
    """httpx's own: vcrpy knows no other, and would let requests pass it by. ``test_line`` is about ours."""
    return httpx.AsyncHTTPTransport(trust_env=False)
