"""The sandbox's Kardia account: one SQLite file."""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from kardia_ctl.sandbox.account.connection_table import ConnectionTable
from kardia_ctl.sandbox.account.ecg_recordings import RecordingTable
from kardia_ctl.sandbox.account.key_table import KeyTable
from kardia_ctl.sandbox.account.outbox import Outbox
from kardia_ctl.sandbox.account.patient_table import PatientTable
from kardia_ctl.sandbox.account.request_log import RequestLog
from kardia_ctl.sandbox.account.team_settings import TeamSettings
from kardia_ctl.sandbox.account.timeline import Timeline
from kardia_ctl.sandbox.data import invented


class Account(Timeline):
    """An account: its tables, on one connection and one clock.

    It may be used from any thread. Delayed effects (a lagging list, an accepted deletion, a late commit) are
    applied on the next access, with the time at which they were due.

    Attributes:
        is_new: whether this call created the account.
        keys: API keys and logins.
        settings: teams, connection templates, callbacks and service providers.
        patients: patients, with phone numbers, custom fields and exports.
        connections: connection codes and mobile users.
        recordings: ECG recordings and QT measurements.
        outbox: webhook messages and delivery attempts.
        requests: the log of received requests.
    """

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        now: Callable[[], float] = time.time,
        seed: int | None = None,
        api_key: str = invented.API_KEY,
    ) -> None:
        """Open the account at `path`, or create it with its team, its templates and its key.

        Args:
            path: a SQLite file, or ":memory:".
            now: the clock, in seconds since the epoch.
            seed: makes ids, codes and keys repeatable; without it they come from the system's secure source.
            api_key: the one key that a new account accepts.

        Raises:
            sqlite3.Error, OSError: the file cannot be opened, or is not a sandbox account.
        """
        super().__init__(str(path), now)
        with self.writing() as db:
            db.execute(_COUNT_OPENING)
            opened = db.execute("SELECT value FROM meta WHERE name = 'opened'").fetchone()[0]
            if seed is not None:
                # An account that is opened again must not repeat ids that it has already used.
                self.random = Random(f"{seed}/{opened}")  # noqa: S311 - requested
            self.is_new = opened == 1
            self.keys = KeyTable(self)
            self.settings = TeamSettings(self)
            self.patients = PatientTable(self)
            self.outbox = Outbox(self, self.settings)
            self.connections = ConnectionTable(self, self.patients, self.outbox)
            self.recordings = RecordingTable(self, self.patients, self.settings, self.outbox)
            self.requests = RequestLog(self)
            if self.is_new:
                self._fill(api_key)

    def _fill(self, api_key: str) -> None:
        self.settings.add_team(invented.TEAM_ID, invented.TEAM_NAME)
        self.keys.add(api_key)
        self.keys.add_login(invented.LOGIN_EMAIL, invented.LOGIN_PASSWORD)
        for template in invented.TEMPLATES:
            self.settings.add_template(template)


_COUNT_OPENING = "INSERT INTO meta VALUES ('opened', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
