"""Settling a doubt by hand: a person looked in Kardia."""

from collections.abc import Iterable

from kardia_ctl.model.address import Address, record_key
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import Entry, Intent, Record, Remember, Resolve


def assume(store: Store, absent: Iterable[Address], created: Iterable[Address]) -> None:
    """Take a person's word for what was in doubt.

    Args:
        store: Its lock is held.
        absent: What was sent to these addresses did not happen: it may be sent again.
        created: It did happen. Only for what cannot be read back: everything else is looked for.

    Raises:
        RunStopped: nothing is in doubt at an address, or it can be read back.
        StateError: state could not be written.
    """
    intents = store.load().intents
    entries: list[Entry] = []
    for address in (*absent, *created):
        if address not in intents:
            raise RunStopped(f"nothing is in doubt at {address}; kardia-ctl state list shows what is")
        entries.append(Resolve(address))
    for address in created:
        if intents[address].operation == Action.EXPORT:
            raise RunStopped(f"{address}: if the export has come, write exported: DATE in its departure")
        if address.kind.facts.read_back:
            raise RunStopped(f"{address} can be read back: apply looks for it, there is nothing to assume")
        entries.append(_record(address, intents[address]))
    if entries:
        store.commit(entries)


def _record(address: Address, intent: Intent) -> Remember:
    label = address.names[1] if address.kind is Kind.CONNECTION_CODE else ""
    name, detail = record_key(address, intent.target)
    return Remember(address.kind, name, detail, Record(intent.id, label, at=int(intent.at)))
