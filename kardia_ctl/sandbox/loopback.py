"""Whether a host is this machine."""

from kardia_ctl.hosts import InvalidHost, parse_host


def is_loopback(host: str | None) -> bool:
    """Return whether a host is this machine: localhost, or a loopback address in any spelling."""
    return loopback_target(host) is not None


def loopback_target(host: str | None) -> str | None:
    """Return what to connect to for a host that is this machine, None for another.

    It is an address or localhost: a name below localhost is left to no DNS server.
    """
    try:
        found = parse_host(host or "")
    except InvalidHost:
        return None
    if not found.is_loopback:
        return None
    return "localhost" if found.address is None else str(found.address)
