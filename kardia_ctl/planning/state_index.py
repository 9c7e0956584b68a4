"""Reverse indexes over State, built lazily: few plans need one."""

from functools import cached_property

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Intent, State


class StateIndex:
    """Looks up records by live id, and what is in doubt by patient."""

    def __init__(self, state: State) -> None:
        self._state = state

    @cached_property
    def owners(self) -> dict[str, str]:
        """The mrn under which each live id is recorded."""
        return {record.id: mrn for mrn, record in self._state.patients.items() if record.id}

    @cached_property
    def orders_in_doubt(self) -> dict[str, list[Intent]]:
        """By mrn, the connection codes that were requested and whose response was lost."""
        indexed: dict[str, list[Intent]] = {}
        for address, intent in self._state.intents.items():
            if address.kind is Kind.CONNECTION_CODE:
                indexed.setdefault(address.names[0], []).append(intent)
        return indexed
