"""Whether a host is this machine."""

from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Return whether a host is this machine: localhost, or a loopback address."""
    if not host:
        return False
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
