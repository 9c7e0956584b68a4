"""The tables of API keys and logins."""

import hmac
from uuid import UUID

from kardia_ctl.sandbox.account.timeline import Timeline


class KeyTable:
    """The API keys and logins of an account. Every method is atomic."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def all(self) -> list[str]:
        """Return the valid API keys, oldest first."""
        return [
            row[0]
            for row in self._timeline.rows("SELECT key FROM keys WHERE revoked_at IS NULL ORDER BY seq")
        ]

    def accepts(self, key: str) -> bool:
        """Return whether this API key exists and is not revoked."""
        return self._timeline.row("SELECT 1 FROM keys WHERE key = ? AND revoked_at IS NULL", key) is not None

    def add(self, key: str) -> None:
        """Accept another API key."""
        self._timeline.run("INSERT INTO keys SELECT ?, COUNT(*), NULL FROM keys", key)

    def renew(self, old: str, *, revoke: bool) -> str:
        """Generate an API key and return it; `revoke` ends the old one."""
        with self._timeline.writing() as db:
            key = str(UUID(int=self._timeline.random.getrandbits(128), version=4))
            self.add(key)
            if revoke:
                values = (self._timeline.micros(), old)
                db.execute("UPDATE keys SET revoked_at = ? WHERE key = ?", values)
            return key

    def add_login(self, email: str, password: str) -> None:
        """Accept a login."""
        self._timeline.run("INSERT INTO logins VALUES (?, ?)", email, password)

    def of_login(self, email: str, password: str) -> str | None:
        """Return the newest API key for a login, None for wrong credentials."""
        expected = self._timeline.value("SELECT password FROM logins WHERE email = ?", email)
        if expected is None or not hmac.compare_digest(str(expected).encode(), password.encode()):
            return None
        return self.all()[-1]  # never empty: a key is revoked only when a new one replaces it
