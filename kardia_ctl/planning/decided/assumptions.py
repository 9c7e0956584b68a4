"""The outcome of a request in doubt, as a person found it."""

from collections.abc import Iterable

from kardia_ctl.model.address import Address, record_key
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.model.state import CodeRecord, Entry, Intent, Record, Remember, Resolve, State, UserRecord


def assumptions(state: State, absent: Iterable[Address], created: Iterable[Address]) -> list[Entry]:
    """The entries for the outcomes that a person found for requests in doubt.

    Args:
        state: What is recorded.
        absent: Addresses whose request had no effect: it may be sent again.
        created: Addresses whose request took effect; only of kinds that apply cannot read back.

    Raises:
        RunStopped: nothing is in doubt at an address, or it can be read back.
    """
    intents = state.intents
    entries: list[Entry] = []
    for address in (*absent, *created):
        if address not in intents:
            raise RunStopped(f"nothing is in doubt at {address}. Run kardia-ctl state list to see what is")
        entries.append(Resolve(address, intents[address].workspace))
    for address in created:
        if intents[address].operation == Action.EXPORT:
            raise RunStopped(f"{address}: if the export has arrived, add exported: DATE to its departure")
        if address.kind.facts.read_back:
            raise RunStopped(f"{address} can be read back: run apply without this option; it checks Kardia")
        entries.append(_record(address, intents[address]))
    return entries


def _record(address: Address, intent: Intent) -> Remember:
    name, detail = record_key(address, intent.target)
    at = int(intent.at.wall)
    match address.kind:
        case Kind.CONNECTION_CODE:
            record: Record = CodeRecord(intent.id, at=at, template=address.names[1])
        case Kind.MOBILE_USER:
            record = UserRecord(intent.id, intent.person, at)
        case _:
            record = Record(intent.id, at=at)
    return Remember(address.kind, name, detail, record)
