"""The endpoints of the sandbox, one module per group; a new group is one more line here."""

from kardia_ctl.sandbox.calls import Endpoint
from kardia_ctl.sandbox.endpoints import callbacks, connections, keys, partners, patients

ENDPOINTS: tuple[Endpoint, ...] = (
    *keys.ENDPOINTS,
    *patients.ENDPOINTS,
    *connections.ENDPOINTS,
    *callbacks.ENDPOINTS,
    *partners.ENDPOINTS,
)
"""Every endpoint that the sandbox answers."""
