"""The endpoints of the sandbox, one module per group; a new group is one more line here."""

from kardia_ctl.sandbox.endpoints import (
    api_keys,
    callbacks,
    connection_codes,
    ecgs,
    partners,
    patients,
    pro,
    reports,
)
from kardia_ctl.sandbox.http.route import Route

ROUTES: tuple[Route, ...] = (
    *api_keys.ROUTES,
    *patients.ROUTES,
    *connection_codes.ROUTES,
    *callbacks.ROUTES,
    *partners.ROUTES,
    *reports.ROUTES,
    *ecgs.ROUTES,
    *pro.ROUTES,
)
"""Every endpoint of the sandbox; of two paths that match, the first one counts."""
