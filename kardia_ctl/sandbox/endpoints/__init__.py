"""The endpoints of the sandbox, one module per group; a new group is one more line here."""

from kardia_ctl.sandbox.endpoints import api_keys as keys
from kardia_ctl.sandbox.endpoints import callbacks, ecgs, logs, partners, patients, pro, reports, users
from kardia_ctl.sandbox.endpoints import connection_codes as connections
from kardia_ctl.sandbox.http.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *keys.ENDPOINTS,
    *patients.ENDPOINTS,
    *connections.ENDPOINTS,
    *callbacks.ENDPOINTS,
    *partners.ENDPOINTS,
    *ecgs.ENDPOINTS,
    *reports.ENDPOINTS,
    *users.ENDPOINTS,
    *logs.ENDPOINTS,
    *pro.ENDPOINTS,
)
"""Every endpoint that the sandbox answers."""
