"""The tables of teams, connection templates, callbacks and service providers."""

from dataclasses import astuple, dataclass, field

from kardia_ctl.sandbox.account.timeline import Timeline
from kardia_ctl.sandbox.data.invented import TEAM_SECRET
from kardia_ctl.sandbox.data.values import ConnectionTemplate, Hook, Provider


@dataclass(frozen=True, slots=True)
class Team:
    """A team of the partner (API reference, "Get associated teams"); `created_at` is in seconds."""

    id: str
    name: str
    timezone: str
    secret_key: str = field(repr=False)
    created_at: float


class TeamSettings:
    """The teams of an account and their settings. Every method is atomic."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def teams(self) -> list[Team]:
        """Return the teams, oldest first."""
        sql = "SELECT id, name, timezone, secret_key, created_at / 1e6 FROM teams ORDER BY rowid"
        return [Team(*row) for row in self._timeline.rows(sql)]

    def add_team(self, team_id: str, name: str) -> None:
        """Add a team."""
        values = (team_id, name, "America/Los_Angeles", TEAM_SECRET, self._timeline.micros())
        self._timeline.run("INSERT INTO teams VALUES (?, ?, ?, ?, ?)", *values)

    def templates(self) -> list[ConnectionTemplate]:
        """Return the connection templates, oldest first."""
        rows = self._timeline.rows("SELECT id, team_id, name, duration, price FROM templates ORDER BY rowid")
        return [ConnectionTemplate(*row) for row in rows]

    def add_template(self, template: ConnectionTemplate) -> None:
        """Add a connection template."""
        self._timeline.run("INSERT INTO templates VALUES (?, ?, ?, ?, ?)", *astuple(template))

    def remove_template(self, template_id: str) -> None:
        """Remove a connection template."""
        self._timeline.run("DELETE FROM templates WHERE id = ?", template_id)

    def callback(self, hook: Hook) -> str | None:
        """Return a callback URL, None when none is set."""
        url: str | None = self._timeline.value("SELECT url FROM callbacks WHERE hook = ?", hook.value)
        return url

    def set_callback(self, hook: Hook, url: str | None) -> None:
        """Set a callback URL; None unsets it, which the API itself cannot do."""
        if url is None:
            self._timeline.run("DELETE FROM callbacks WHERE hook = ?", hook.value)
        else:
            self._timeline.run("INSERT OR REPLACE INTO callbacks VALUES (?, ?)", hook.value, url)

    def providers(self) -> list[Provider]:
        """Return the service providers, in the order in which they were added."""
        rows = self._timeline.rows("SELECT team_id, provider_id FROM providers ORDER BY rowid")
        return [Provider(*row) for row in rows]

    def add_provider(self, team_id: str, provider_id: str) -> bool:
        """Add a service provider; adding it again changes nothing. Return whether the team exists."""
        with self._timeline.writing() as db:
            exists = team_id in [team.id for team in self.teams()]
            if exists:
                db.execute("INSERT OR IGNORE INTO providers VALUES (?, ?)", (team_id, provider_id))
            return exists
