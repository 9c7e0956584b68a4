"""The audit log: entries in their order, each with a hash over itself and the one before it.

An entry that is removed, changed or moved breaks the chain. The last number and hash are also a fact about
the whole state (``meta``), so that removing the newest entries is found. Whoever can rewrite the database can
rewrite the chain too: ``audit verify --head`` compares it with a hash that was noted elsewhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from kardia_ctl.model.state import Audited
from kardia_ctl.state.tables.dialect import Database
from kardia_ctl.state.tables.tables import Tables

_LAST: Final = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"
_ALL: Final = "SELECT number, entry, hash FROM audit ORDER BY number"
_APPEND: Final = "INSERT INTO audit VALUES (?, ?, ?)"
_HEAD: Final = "SELECT value FROM meta WHERE key = 'audit'"
_SET_HEAD: Final = """INSERT INTO meta VALUES ('audit', ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value"""


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry of the log: its number (from 1), its line of JSON, and the hash of the chain up to it."""

    number: int
    text: str
    hash: str


def append(tables: Tables, entries: Sequence[Audited]) -> None:
    """Append entries inside the open transaction."""
    if not entries:
        return
    database = tables.database
    number, last = database.execute(_LAST).fetchone() or (0, "")
    for number, entry in enumerate(entries, number + 1):  # noqa: B020  (counts on)
        last = chained(last, number, entry.text)
        database.execute(_APPEND, (number, entry.text, last))
    database.execute(_SET_HEAD, (f"{number}:{last}",))


def chained(last: str, number: int, text: str) -> str:
    """The hash (SHA-256, hex) of an entry that follows one with the hash ``last``."""
    return sha256(f"{last}\n{number}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


def entries_of(database: Database) -> list[ChainedEntry]:
    """The entries by number."""
    return [ChainedEntry(*row) for row in database.execute(_ALL)]


def damage(database: Database) -> str:
    """What is wrong with the chain; empty when each entry follows the one before and none is missing."""
    last, number = "", 0
    for entry in entries_of(database):
        number += 1
        if entry.number != number:
            return f"entry {number} is missing"
        last = chained(last, number, entry.text)
        if last != entry.hash:
            return f"entry {number} was changed, or is not where it was"
    head = database.execute(_HEAD).fetchone()
    if (head[0] if head else "0:") != f"{number}:{last}":
        return f"entries after {number} are missing"
    return ""


def head_of(entries: Iterable[ChainedEntry]) -> str:
    """The hash of the newest entry; empty for an empty log."""
    last = ""
    for entry in entries:
        last = entry.hash
    return last
