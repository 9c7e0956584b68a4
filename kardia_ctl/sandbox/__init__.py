"""An embedded Kardia API: both references on one SQLite file, with quirks and faults as switches.

    account = Account(":memory:")
    app = create_app(account, Quirks(), Faults())           # ASGI, for use in the process
    serve(app, port=0, on_ready=print)                      # or on a loopback port
    with delivering(account): ...                           # webhooks, to receivers on this machine

Written from the two API references, and imports nothing else of kardia_ctl. The names below are imported when
they are first used, so that importing this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.account.ecg_recordings import Draft
    from kardia_ctl.sandbox.account.webhook_events import About, Event
    from kardia_ctl.sandbox.app import Sandbox, create_app
    from kardia_ctl.sandbox.clock import ManualClock
    from kardia_ctl.sandbox.control.seeding import seed
    from kardia_ctl.sandbox.control_client import ControlError, ask
    from kardia_ctl.sandbox.courier import delivering
    from kardia_ctl.sandbox.data.invented import API_KEY, LOGIN_EMAIL, LOGIN_PASSWORD, TEAM_ID, TEMPLATES
    from kardia_ctl.sandbox.data.values import (
        Code,
        Hook,
        Patient,
        PatientFields,
        Provider,
        RequestRecord,
        Status,
        Template,
    )
    from kardia_ctl.sandbox.faults.faults import Fault, FaultKind, Faults, Moment
    from kardia_ctl.sandbox.quirks import (
        SERVED,
        CreateStatus,
        CursorStyle,
        DataController,
        Disconnected,
        DuplicateMrn,
        DuplicateUser,
        Envelope,
        Naming,
        OldKey,
        ProPdf,
        Quirks,
        Strictness,
        UnsetCallback,
        UnsetField,
        UserStatus,
    )
    from kardia_ctl.sandbox.server import serve, serving

__all__ = [
    "API_KEY",
    "LOGIN_EMAIL",
    "LOGIN_PASSWORD",
    "SERVED",
    "TEAM_ID",
    "TEMPLATES",
    "About",
    "Account",
    "Code",
    "ControlError",
    "CreateStatus",
    "CursorStyle",
    "DataController",
    "Disconnected",
    "Draft",
    "DuplicateMrn",
    "DuplicateUser",
    "Envelope",
    "Event",
    "Fault",
    "FaultKind",
    "Faults",
    "Hook",
    "ManualClock",
    "Moment",
    "Naming",
    "OldKey",
    "Patient",
    "PatientFields",
    "ProPdf",
    "Provider",
    "Quirks",
    "RequestRecord",
    "Sandbox",
    "Status",
    "Strictness",
    "Template",
    "UnsetCallback",
    "UnsetField",
    "UserStatus",
    "ask",
    "create_app",
    "delivering",
    "seed",
    "serve",
    "serving",
]

_HOMES = {
    "courier": ("delivering",),
    "events": ("About", "Event"),
    "recordings": ("Draft",),
    "remote": ("ControlError", "ask"),
    "seeding": ("seed",),
    "account": ("Account",),
    "app": ("Sandbox", "create_app"),
    "clock": ("ManualClock",),
    "faults": ("Fault", "FaultKind", "Faults", "Moment"),
    "invented": ("API_KEY", "LOGIN_EMAIL", "LOGIN_PASSWORD", "TEAM_ID", "TEMPLATES"),
    "quirks": (
        "Disconnected",
        "DuplicateUser",
        "Naming",
        "ProPdf",
        "Strictness",
        "UserStatus",
        "SERVED",
        "CreateStatus",
        "CursorStyle",
        "DataController",
        "DuplicateMrn",
        "Envelope",
        "OldKey",
        "Quirks",
        "UnsetCallback",
        "UnsetField",
    ),
    "records": (
        "Code",
        "Hook",
        "Patient",
        "PatientFields",
        "Provider",
        "RequestRecord",
        "Status",
        "Template",
    ),
    "server": ("serve", "serving"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
