"""What becomes of a state when another image is put in its place. Images in, images out: nothing is written.

Where an earlier image of a workspace is put back, what was sent, ordered or approved since stays known:
forgetting an order would repeat it.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.state.tables.image import copied_tables, opened

_AUDIT: Final = ("DELETE FROM audit", "DELETE FROM meta WHERE key = 'audit'")
_SENT: Final = f"kind IN ('{Kind.CONNECTION_CODE.value}', '{Kind.MOBILE_USER.value}')"
"""The records that alone know of what was sent: the API does not show a code's template, nor a user."""

_PEOPLE: Final = "SELECT * FROM record WHERE workspace = ? AND kind = 'patient'"
_ID: Final = 4
"""The column of a record's id."""

_RECORD: Final = (
    "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, kind, name, detail) "
    "DO UPDATE SET forgotten = excluded.forgotten WHERE id = excluded.id"
)
_MOVED: Final = "SELECT value FROM meta WHERE key = 'moved'"
_SET_MOVED: Final = (
    "INSERT INTO meta VALUES ('moved', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)

_KEPT: Final = {
    "intent": ("INSERT OR REPLACE INTO intent", "1 = 1"),
    "record": ("INSERT OR REPLACE INTO record", _SENT),
    "departure": ("INSERT OR IGNORE INTO departure", "1 = 1"),
    "used_plan": ("INSERT OR IGNORE INTO used_plan", "1 = 1"),
    "decision": ("INSERT OR REPLACE INTO decision", "1 = 1"),
}
"""What an earlier image gets of the later one, by table: how, and which rows."""

_LEFT_BEHIND: Final = ("DELETE FROM meta WHERE key = 'moved'", "DELETE FROM run")
"""What a copy does not take along: where the state was moved to, and the marks of runs, which may be open."""


def serials(image: sqlite3.Connection) -> dict[str, tuple[str, int]]:
    """The lineage and serial of each workspace in which something is recorded."""
    rows = image.execute("SELECT name, lineage, serial FROM workspace WHERE lineage <> ''")
    return {name: (lineage, serial) for name, lineage, serial in rows}


def rolled_back(current: bytes, snapshot: bytes, workspace: str) -> bytes:
    """The current image with the records of one workspace as a snapshot has them.

    Patients, codes, users, departures, requests in doubt, used plans and used decisions that came later stay,
    and so do the other workspaces, the samples and the audit log. The serial moves, so that a plan saved
    before is stale.

    Raises:
        StateError: the snapshot is of another state, or encrypted with another key.
    """
    with opened(current) as target, opened(snapshot, "the snapshot") as source:
        _check_same_state(target, source, workspace)
        (here,), (there,) = _number(target, workspace), _number(source, workspace)
        people = target.execute(_PEOPLE, (here,)).fetchall()
        target.execute("BEGIN")
        target.execute(f"DELETE FROM record WHERE workspace = ? AND NOT {_SENT}", (here,))  # noqa: S608  (a name of ours)
        for row in source.execute("SELECT * FROM record WHERE workspace = ?", (there,)):
            target.execute(_RECORD, (here, *row[1:]))
        _keep_new_patients(target, here, people)
        target.execute("UPDATE workspace SET serial = serial + 1 WHERE id = ?", (here,))
        target.execute("COMMIT")
        return target.serialize()


def pushed(current: bytes, image: bytes, *, force: bool = False) -> bytes:
    """An image as it may be put in place of the current one: with the current audit log, and never older.

    Of a workspace that is older in it, by force, only the records go back: see ``rolled_back``.

    Raises:
        StateError: it holds no state; it is older or of another lineage, and not forced; or what is in doubt
            would be forgotten, even by force.
    """
    with opened(current) as old, opened(image, "the pushed file") as new:
        if not serials(new):
            raise StateError("the pushed file holds no state. Nothing was written. Next: check its name")
        reasons = list(_objections(serials(old), serials(new)))
        if reasons and not force:
            raise StateError(
                f"the pushed state does not continue this one: {'; '.join(reasons)}. Nothing was written. "
                "Next: kardia-ctl state pull, compare, and push with --force if it is meant"
            )
        new.execute("BEGIN")
        for statement in _LEFT_BEHIND:
            new.execute(statement)
        for name, (lineage, serial) in serials(old).items():
            _keep_what_came_later(old, new, name, lineage, serial)
        if old.execute("SELECT 1 FROM audit").fetchone():
            _copy_audit(old, new)
        for name, (_, serial) in serials(old).items():
            new.execute("UPDATE workspace SET serial = max(serial, ?) + 1 WHERE name = ?", (serial, name))
        new.execute("COMMIT")
        return new.serialize()


def marked_as_moved(image: bytes, place: str) -> bytes:
    """The image of a state that was moved to ``place``: reading it says so."""
    with opened(image) as connection:
        connection.execute(_SET_MOVED, (place,))
        return connection.serialize()


def unmarked(image: bytes) -> bytes:
    """An image without the mark of a state that was moved."""
    with opened(image) as connection:
        for statement in _LEFT_BEHIND:
            connection.execute(statement)
        return connection.serialize()


def is_free(image: bytes) -> bool:
    """Whether another state may be moved to where this image is: it is empty, or was moved away."""
    with opened(image) as connection:
        return not serials(connection) or connection.execute(_MOVED).fetchone() is not None


def rows_of(image: bytes) -> dict[str, list[tuple[object, ...]]]:
    """Everything in an image, by table and in order: equal for equal states."""
    with opened(image) as connection:
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608  (names of our own)
            for table in copied_tables()
        }


def _check_same_state(target: sqlite3.Connection, source: sqlite3.Connection, workspace: str) -> None:
    here, there = serials(target).get(workspace), serials(source).get(workspace)
    if there is None or here is None or here[0] != there[0]:
        raise StateError(f"the earlier state has nothing of workspace {workspace} of this lineage")
    header = "SELECT value FROM meta WHERE key = 'encryption'"
    if target.execute(header).fetchone() != source.execute(header).fetchone():
        raise StateError("the earlier state is encrypted with another key than this one")


def _keep_what_came_later(
    old: sqlite3.Connection, new: sqlite3.Connection, workspace: str, lineage: str, serial: int
) -> None:
    """Take what the pushed image may not forget of a workspace over into it."""
    (here,), found = _number(old, workspace), serials(new).get(workspace)
    if found is None or found[0] != lineage:
        if old.execute("SELECT 1 FROM intent WHERE workspace = ?", (here,)).fetchone():
            raise StateError(
                f"requests of workspace {workspace} are in doubt, and the pushed state would forget them. "
                "Nothing was written. Next: apply, it settles them; then push again"
            )
    elif found[1] < serial:
        _check_same_state(old, new, workspace)
        (there,) = _number(new, workspace)
        for table, (insert, rows) in _KEPT.items():
            values = ", ".join("?" * copied_tables()[table])
            kept = old.execute(f"SELECT * FROM {table} WHERE workspace = ? AND {rows}", (here,))  # noqa: S608  (names of our own)
            new.executemany(f"{insert} VALUES ({values})", ((there, *row[1:]) for row in kept))
        _keep_new_patients(new, there, old.execute(_PEOPLE, (here,)).fetchall())


def _keep_new_patients(connection: sqlite3.Connection, workspace: int, people: list[tuple[Any, ...]]) -> None:
    """Keep the records of patients who were created or adopted later.

    A list that lags does not show a patient who was just created: without the record the create would be sent
    again. A patient whose id is recorded under another mrn has only moved.
    """
    known = {row[_ID] for row in connection.execute(_PEOPLE, (workspace,)) if row[_ID]}
    added = ((workspace, *row[1:]) for row in people if row[_ID] not in known)
    connection.executemany("INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", added)


def _number(connection: sqlite3.Connection, workspace: str) -> tuple[int]:
    row: tuple[int] = connection.execute("SELECT id FROM workspace WHERE name = ?", (workspace,)).fetchone()
    return row


def _objections(old: dict[str, tuple[str, int]], new: dict[str, tuple[str, int]]) -> Iterator[str]:
    for name, (lineage, serial) in old.items():
        found = new.get(name)
        if found is None:
            yield f"it has no workspace {name}"
        elif found[0] != lineage:
            yield f"workspace {name} has another lineage"
        elif found[1] < serial:
            yield f"workspace {name} is older (serial {found[1]}, here {serial})"


def _copy_audit(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    for statement in _AUDIT:
        new.execute(statement)
    new.executemany("INSERT INTO audit VALUES (?, ?, ?)", old.execute("SELECT * FROM audit"))
    new.executemany("INSERT INTO meta VALUES (?, ?)", old.execute("SELECT * FROM meta WHERE key = 'audit'"))
