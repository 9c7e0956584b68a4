"""State as it will be once some entries are written: planning looks at it, and writes nothing."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kardia_ctl.model.decided.use import UseDecision, later_use
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Drop, Entry, Intend, Record, Remember, Resolve, State


def with_entries(state: State, entries: Iterable[Entry]) -> State:
    """State with entries about patients, codes, users, doubts and decisions; others are not looked at."""
    entries = tuple(entries)
    if not entries:
        return state
    draft = _Draft(state)
    for entry in entries:
        draft.write(entry)
    patients, codes, users = (draft.records[kind] for kind in _KINDS)
    intents, decided = draft.intents, draft.decided
    return replace(state, patients=patients, codes=codes, users=users, intents=intents, decided=decided)


_KINDS = (Kind.PATIENT, Kind.CONNECTION_CODE, Kind.MOBILE_USER)


class _Draft:
    """The mappings of a state, copied; the records in them are shared."""

    def __init__(self, state: State) -> None:
        tables = (state.patients, state.codes, state.users)
        self.records: dict[Kind, dict[str, Any]] = {
            kind: dict(table) for kind, table in zip(_KINDS, tables, strict=True)
        }
        self.intents = dict(state.intents)
        self.decided = dict(state.decided)

    def write(self, entry: Entry) -> None:
        """Apply one entry."""
        match entry:
            case Remember(kind, name, detail, record):
                self._put(kind, name, detail, record)
            case Drop(kind, name, detail):
                self._put(kind, name, detail, None)
            case Intend(intent):
                self.intents[intent.address] = intent
            case Resolve(address):
                self.intents.pop(address, None)
            case UseDecision(use, at):
                self.decided[use] = later_use(self.decided.get(use), at)
            case _:
                pass

    def _put(self, kind: Kind, name: str, detail: str, record: Record | None) -> None:
        table, key = self.records[kind], name
        if kind is Kind.CONNECTION_CODE:
            table[name] = dict(table.get(name, {}))
            table, key = table[name], detail
        if record is None:
            table.pop(key, None)
        else:
            table[key] = record
