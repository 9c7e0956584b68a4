"""The queue of webhook messages, and the log of delivery attempts."""

from collections.abc import Sequence
from dataclasses import dataclass

from kardia_ctl.sandbox.account.feed import Feed
from kardia_ctl.sandbox.account.team_settings import TeamSettings
from kardia_ctl.sandbox.account.timeline import Timeline
from kardia_ctl.sandbox.account.webhook_events import EventDetails, WebhookEvent, WebhookMessage, messages
from kardia_ctl.sandbox.data.values import Hook


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message in the outbox; `attempts` counts the deliveries that failed."""

    seq: int
    hook: Hook
    event: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery attempt (API reference, "Get callback logs"); `created_at` is in microseconds."""

    status: str
    event: str
    error: str | None
    hook: str
    created_at: int
    seq: int


_SELECT = "SELECT status, event, error, hook, created_at, seq FROM deliveries WHERE "
_V1 = "hook IN ('callback', 'qtCallback')"
CALLBACK_LOGS = Feed(
    _SELECT + _V1,
    f"SELECT COUNT(*) FROM deliveries WHERE {_V1}",  # noqa: S608 - constants
    (),
    Delivery,
    "created_at",
)
"""The list of "Get callback logs", newest first: the attempts at both v1 callbacks."""


class Outbox:
    """The webhook messages of an account. Every method is atomic."""

    def __init__(self, timeline: Timeline, settings: TeamSettings) -> None:
        self._timeline = timeline
        self._settings = settings

    def emit(self, event: WebhookEvent, details: EventDetails) -> list[WebhookMessage]:
        """Queue an event for the callbacks that are set, due at once, and return the queued messages."""
        with self._timeline.writing():
            queued = [
                message for message in messages(event, details) if self._settings.callback(message.hook)
            ]
            self.put(queued)
            return queued

    def put(self, queued: Sequence[WebhookMessage]) -> None:
        """Queue messages, due at once."""
        with self._timeline.writing() as db:
            now = self._timeline.micros()
            rows = [(message.hook.value, message.event, message.body, now) for message in queued]
            db.executemany("INSERT INTO outbox (hook, event, body, due) VALUES (?, ?, ?, ?)", rows)

    def due(self) -> QueuedMessage | None:
        """Return the message that has been due for the longest."""
        sql = "SELECT seq, hook, event, body, attempts FROM outbox WHERE due <= ? ORDER BY due, seq LIMIT 1"
        row = self._timeline.row(sql, self._timeline.micros())
        return None if row is None else QueuedMessage(row[0], Hook(row[1]), row[2], row[3], row[4])

    def waiting(self) -> int:
        """Return the number of queued messages."""
        return int(self._timeline.value("SELECT COUNT(*) FROM outbox"))

    def settle(
        self, message: QueuedMessage, status: str, error: str | None, retry_in: int | None = None
    ) -> None:
        """Log an attempt, and remove its message or postpone it by `retry_in` microseconds."""
        with self._timeline.writing() as db:
            now = self._timeline.micros()
            sql = "INSERT INTO deliveries (hook, event, status, created_at, error) VALUES (?, ?, ?, ?, ?)"
            db.execute(sql, (message.hook.value, message.event, status, now, error))
            if retry_in is None:
                db.execute("DELETE FROM outbox WHERE seq = ?", (message.seq,))
            else:
                sql = "UPDATE outbox SET due = ?, attempts = attempts + 1 WHERE seq = ?"
                db.execute(sql, (now + retry_in, message.seq))

    def deliveries(self) -> list[Delivery]:
        """Return every attempt, oldest first."""
        return [Delivery(*row) for row in self._timeline.rows(_SELECT + "1 ORDER BY created_at, seq")]
