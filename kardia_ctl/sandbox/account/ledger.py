"""Keys, templates, codes, callbacks, providers and the request log in SQL, on an open connection."""

import hmac
import sqlite3
from dataclasses import astuple, dataclass, field
from random import Random
from uuid import UUID

from kardia_ctl.sandbox.data import invented
from kardia_ctl.sandbox.data.values import Code, Hook, Provider, RequestRecord, Template


@dataclass(frozen=True, slots=True)
class Team:
    """A team of the partner (API reference, "Get associated teams"); created_at in seconds."""

    id: str
    name: str
    timezone: str
    secret_key: str = field(repr=False)
    created_at: float


def open_account(db: sqlite3.Connection, now: int, api_key: str) -> int:
    """Count this opening and return the count; the first one fills in what every account has."""
    db.execute("INSERT INTO meta VALUES ('opened', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1")
    opened: int = db.execute("SELECT value FROM meta WHERE name = 'opened'").fetchone()[0]
    if opened == 1:
        add_team(db, invented.TEAM_ID, invented.TEAM_NAME, now)
        add_key(db, api_key)
        db.execute("INSERT INTO logins VALUES (?, ?)", (invented.LOGIN_EMAIL, invented.LOGIN_PASSWORD))
        for template in invented.TEMPLATES:
            add_template(db, template)
    return opened


def random_key(random: Random) -> str:
    """Draw an API key of the documented look."""
    return str(UUID(int=random.getrandbits(128), version=4))


def add_key(db: sqlite3.Connection, key: str) -> None:
    """Accept one more key."""
    db.execute("INSERT INTO keys SELECT ?, COUNT(*), NULL FROM keys", (key,))


def revoke_key(db: sqlite3.Connection, key: str, now: int) -> None:
    """Accept this key no longer."""
    db.execute("UPDATE keys SET revoked_at = ? WHERE key = ?", (now, key))


def keys(db: sqlite3.Connection) -> list[str]:
    """Return the keys that are accepted, oldest first."""
    return [row[0] for row in db.execute("SELECT key FROM keys WHERE revoked_at IS NULL ORDER BY seq")]


def accepts_key(db: sqlite3.Connection, key: str) -> bool:
    """Whether the key is known and not revoked."""
    sql = "SELECT EXISTS (SELECT 1 FROM keys WHERE key = ? AND revoked_at IS NULL)"
    return bool(db.execute(sql, (key,)).fetchone()[0])


def newest_key(db: sqlite3.Connection) -> str:
    """Return the key that was made last; one always exists, for a key dies only in exchange for another."""
    return keys(db)[-1]


def accepts_login(db: sqlite3.Connection, email: str, password: str) -> bool:
    """Whether the e-mail address and the password belong together."""
    row = db.execute("SELECT password FROM logins WHERE email = ?", (email,)).fetchone()
    return row is not None and hmac.compare_digest(str(row[0]).encode(), password.encode())


def add_team(db: sqlite3.Connection, team_id: str, name: str, now: int) -> None:
    """Add a team."""
    values = (team_id, name, "America/Los_Angeles", invented.TEAM_SECRET, now)
    db.execute("INSERT INTO teams VALUES (?, ?, ?, ?, ?)", values)


def teams(db: sqlite3.Connection) -> list[Team]:
    """Return the teams, oldest first."""
    rows = db.execute("SELECT id, name, timezone, secret_key, created_at / 1e6 FROM teams ORDER BY rowid")
    return [Team(*row) for row in rows]


def add_template(db: sqlite3.Connection, template: Template) -> None:
    """Add a connection template."""
    db.execute("INSERT INTO templates VALUES (?, ?, ?, ?, ?)", astuple(template))


def templates(db: sqlite3.Connection) -> list[Template]:
    """Return the connection templates, oldest first."""
    rows = db.execute("SELECT id, team_id, name, duration, price FROM templates ORDER BY rowid")
    return [Template(*row) for row in rows]


def valid_code(db: sqlite3.Connection, patient_id: str, template_id: str) -> str | None:
    """Return the code that is valid for a patient and template."""
    sql = "SELECT code FROM codes WHERE patient_id = ? AND template_id = ? AND voided_at IS NULL"
    row = db.execute(sql, (patient_id, template_id)).fetchone()
    return None if row is None else str(row[0])


def mint(db: sqlite3.Connection, code: str, patient_id: str, template_id: str, now: int) -> None:
    """Write down a new code."""
    sql = "INSERT INTO codes (code, patient_id, template_id, minted_at) VALUES (?, ?, ?, ?)"
    db.execute(sql, (code, patient_id, template_id, now))


def void_codes(db: sqlite3.Connection, patient_id: str, now: int) -> None:
    """Make a patient's codes invalid; they stay on record."""
    db.execute("UPDATE codes SET voided_at = ? WHERE patient_id = ? AND voided_at IS NULL", (now, patient_id))


def void_code(db: sqlite3.Connection, patient_id: str, template_id: str, now: int) -> None:
    """Make the code of one patient and template invalid, if there is one."""
    sql = "UPDATE codes SET voided_at = ? WHERE patient_id = ? AND template_id = ? AND voided_at IS NULL"
    db.execute(sql, (now, patient_id, template_id))


def add_export(db: sqlite3.Connection, patient_id: str, now: int) -> None:
    """Queue an export: the sandbox mails nothing, it keeps that it was asked for."""
    db.execute("INSERT INTO exports (patient_id, at) VALUES (?, ?)", (patient_id, now))


def exports(db: sqlite3.Connection) -> list[str]:
    """Return the ids of the patients whose export was asked for, oldest first."""
    return [row[0] for row in db.execute("SELECT patient_id FROM exports ORDER BY seq")]


def set_phone(db: sqlite3.Connection, patient_id: str, phone: str) -> None:
    """Keep a phone number, which only the pro API knows of."""
    db.execute("INSERT OR REPLACE INTO phones VALUES (?, ?)", (patient_id, phone))


def phone(db: sqlite3.Connection, patient_id: str) -> str | None:
    """Return a patient's phone number."""
    row = db.execute("SELECT phone FROM phones WHERE patient_id = ?", (patient_id,)).fetchone()
    return None if row is None else str(row[0])


def expire_codes(db: sqlite3.Connection, now: int, lifetime: int) -> None:
    """Void pending patients' codes that are `lifetime` old; without any, a patient is no longer pending."""
    db.execute(
        "UPDATE codes SET voided_at = minted_at + :lifetime"
        " WHERE voided_at IS NULL AND minted_at + :lifetime <= :now"
        " AND patient_id IN (SELECT id FROM patients WHERE status = 'pending')",
        {"now": now, "lifetime": lifetime},
    )
    db.execute(
        "UPDATE patients SET status = 'none' WHERE status = 'pending' AND id NOT IN"
        " (SELECT patient_id FROM codes WHERE voided_at IS NULL)"
    )


def codes(db: sqlite3.Connection) -> list[Code]:
    """Return every code ever minted, oldest first."""
    sql = "SELECT code, patient_id, template_id, minted_at / 1e6, voided_at / 1e6 FROM codes ORDER BY seq"
    return [Code(*row) for row in db.execute(sql)]


def callback(db: sqlite3.Connection, hook: Hook) -> str | None:
    """Return a callback URL."""
    row = db.execute("SELECT url FROM callbacks WHERE hook = ?", (hook.value,)).fetchone()
    return None if row is None else str(row[0])


def set_callback(db: sqlite3.Connection, hook: Hook, url: str | None) -> None:
    """Set a callback URL, or remove it."""
    if url is None:
        db.execute("DELETE FROM callbacks WHERE hook = ?", (hook.value,))
    else:
        db.execute("INSERT OR REPLACE INTO callbacks VALUES (?, ?)", (hook.value, url))


def add_provider(db: sqlite3.Connection, team_id: str, provider_id: str) -> bool:
    """Add a provider unless it is there; False when the team does not exist."""
    sql = "SELECT EXISTS (SELECT 1 FROM teams WHERE id = ?)"
    if not db.execute(sql, (team_id,)).fetchone()[0]:
        return False
    db.execute("INSERT OR IGNORE INTO providers VALUES (?, ?)", (team_id, provider_id))
    return True


def providers(db: sqlite3.Connection) -> list[Provider]:
    """Return the providers, in the order they were added."""
    return [Provider(*row) for row in db.execute("SELECT team_id, provider_id FROM providers ORDER BY rowid")]


def record(db: sqlite3.Connection, request: RequestRecord) -> None:
    """Write down a request."""
    values = (request.method, request.route, request.status, int(request.at * 1e6), request.fault)
    db.execute("INSERT INTO requests (method, route, status, at, fault) VALUES (?, ?, ?, ?, ?)", values)


def requests(db: sqlite3.Connection, method: str | None, route: str | None) -> list[RequestRecord]:
    """Return the requests, oldest first."""
    sql = (
        "SELECT method, route, status, at / 1e6, fault FROM requests"
        " WHERE method = coalesce(?, method) AND route = coalesce(?, route) ORDER BY seq"
    )
    return [RequestRecord(*row) for row in db.execute(sql, (method, route))]
