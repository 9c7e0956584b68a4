"""State's records as text: what ``state list`` and ``state show`` print."""

from collections.abc import Iterator
from datetime import UTC, datetime

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import CodeRecord, Intent, PatientRecord, Record, State, UserRecord
from kardia_ctl.render.escape import escape


def recorded(state: State) -> Iterator[tuple[Address, Record]]:
    """Every record with its address, by address. A code without a template name has its template's id."""
    found: list[tuple[Address, Record]] = [
        (patient_address(mrn), record) for mrn, record in state.patients.items()
    ]
    for mrn, codes in state.codes.items():
        found += [
            (code_address(mrn, record.template or template), record) for template, record in codes.items()
        ]
    found += [(Address(Kind.MOBILE_USER, (mrn,)), record) for mrn, record in state.users.items()]
    found += state.settings.items()
    return iter(sorted(found, key=lambda pair: (pair[0].order, pair[1].id, pair[1].at)))


def state_list(state: State) -> str:
    """An address a line; tombstones and what is in doubt are marked. Empty when nothing is recorded."""
    lines = [f"{address}{'  (forgotten)' if record.forgotten else ''}" for address, record in recorded(state)]
    doubts = sorted(state.intents, key=lambda address: address.order)
    lines += [f"{address}  (in doubt{_whose(state.intents[address])})" for address in doubts]
    return "".join(f"{line}\n" for line in lines)


def _whose(intent: Intent) -> str:
    return f" in workspace {escape(intent.workspace)}" if intent.workspace else ""


def state_show(state: State, address: Address) -> str:
    """All that is recorded of one address; empty when nothing is."""
    blocks = [_record(address, record, state) for found, record in recorded(state) if found == address]
    if address in state.intents:
        blocks.append(_intent(address, state.intents[address]))
    return "\n".join(blocks)


def _record(address: Address, record: Record, state: State) -> str:
    lines = [
        str(address),
        f"  id        {_id(record, address)}",
        f"  recorded  {_time(record.at)}",
        *_own(record),
        f"  tombstone {'yes' if record.forgotten else 'no'}",
    ]
    if address.kind is Kind.PATIENT and record.id in state.departed:
        lines.append(f"  departed  {escape(', '.join(sorted(state.departed[record.id])))}")
    return "".join(f"{line}\n" for line in lines)


def _id(record: Record, address: Address) -> str:
    """The live id; that of a pro participant is the mrn, which the address shows as its reader may see it."""
    return "(the mrn)" if address.has_mrn(record.id) else escape(record.id) or "(none)"


def _own(record: Record) -> Iterator[str]:
    """What only a record of this kind holds."""
    match record:
        case PatientRecord():
            yield f"  cohort    {escape(record.cohort) or '(none)'}"
        case CodeRecord():
            yield f"  template  {escape(record.template) or '(none)'}"
        case UserRecord(unredeemed=True):
            yield "  redeemed  no"
        case _:
            pass


def _intent(address: Address, intent: Intent) -> str:
    ended = _time(intent.ended.wall) if intent.ended else "(not known)"
    return (
        f"{address} is in doubt{_whose(intent)}\n"
        f"  operation {escape(intent.operation)}\n"
        f"  sent      {_time(intent.at.wall)}\n"
        f"  ended     {ended}\n"
    )


def _time(seconds: float) -> str:
    """Unix seconds as ISO 8601 in UTC; 0 is not a time."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat() if seconds else "(not known)"
