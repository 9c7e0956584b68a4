"""How Terraform's documents name an address and show its two sides, without patients' values."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from heapq import merge
from typing import Any, Final

from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.kinds import HIDDEN_PART
from kardia_ctl.model.plan import Action, Cause, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.names import Names
from kardia_ctl.render.plan.plan_fields import Field, identity
from kardia_ctl.render.plan.plan_rows import Remark, Row, rows, unchanged
from kardia_ctl.render.plan.terraform_names import index_of, named
from kardia_ctl.render.redaction import Shown

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a change: attribute values, null where hidden, and which of them are sensitive."""

    values: Mapping[str, Value] | None
    sensitive: Mapping[str, bool]

    @property
    def marks(self) -> Mapping[str, bool] | bool:
        """Terraform writes false where there is no object to mark."""
        return False if self.values is None else self.sensitive


@dataclass(frozen=True, slots=True)
class Entry:
    """One address in the document, no-ops included, as its reader may see it.

    Attributes:
        order: What the entries are sorted by.
        named: The keys by which tools join the parts of a document.
        indexed: The key of the instance, as Terraform has it of a ``for_each``.
        identity: The attributes that the address is made of.
        action: What happens to it.
        before: What is live.
        after: What will be.
        owner: The keys of the patient that it depends on; empty for an independent one.
        reason: Its action_reason.
        id: The live id of what is adopted.
        previous: The address that it moved from.
    """

    order: tuple[int, tuple[str, ...]]
    named: Mapping[str, str]
    indexed: Mapping[str, str]
    identity: Mapping[str, str]
    action: Action
    before: Side
    after: Side
    owner: Mapping[str, str]
    reason: str | None = None
    id: str = ""
    previous: str = ""

    @property
    def declared(self) -> bool:
        """Whether the configuration declares it as something that should exist."""
        return self.action not in (Action.FORGET, Action.DISCONNECT, Action.DELETE)


_NUMBERS: Final = frozenset({"duration_days", "price", "recordings"})
"""The attributes whose values are numbers, for policies that compare them."""

_NOTHING: Final = Side(None, {})


def _entry(
    address: Address,
    names: Names,
    action: Action,
    sides: tuple[Side, Side],
    *,
    reason: str | None = None,
    id: str = "",  # noqa: A002  (the name of the field)
    previous: str = "",
) -> Entry:
    owner = owner_of(address)
    before, after = sides
    keys = named(address, names)
    return Entry(
        order=address.order,
        named=keys,
        indexed={"index": index} if (index := index_of(keys["address"])) else {},
        identity=_identity(address, names),
        action=action,
        before=before,
        after=after,
        owner=named(owner, names) if owner else {},
        reason=reason,
        id=id,
        previous=previous,
    )


def entries(plan: Plan, names: Names, *, changes_only: bool = False) -> Iterator[Entry]:
    """The changes and, but for ``changes_only``, the no-ops in the document, one after the other.

    Sorted by address. An address that moved and has another change is there once.
    """
    moves = {change.address: change.previous for change in plan.changes if change.action is Action.MOVE}
    others = {change.address for change in plan.changes if change.action is not Action.MOVE} if moves else ()
    unmoved = () if changes_only else (address for address in unchanged(plan) if address not in moves)
    changes = sorted(plan.changes, key=lambda change: change.address.order)
    ours = (
        _row_entry(row, names, moves.get(row.address))
        for row in rows(replace(plan, changes=tuple(changes)), names=names)
        if isinstance(row, Row) and (row.action is not Action.MOVE or row.address not in others)
    )
    no_ops = (_no_op_entry(address, names) for address in sorted(unmoved, key=lambda one: one.order))
    return merge(ours, no_ops, key=lambda entry: entry.order)


def _row_entry(row: Row, names: Names, previous: Address | None) -> Entry:
    """A change in the document. What is blocked stays as it is live, so both its sides are the live one."""
    before, after, reason = _row_sides(row, names)
    return _entry(
        row.address,
        names,
        row.action,
        (before, after),
        reason=reason,
        id=row.id or row.shown if row.action in (Action.ADOPT, Action.MOVE) else "",
        previous=names.shown(previous) if previous else "",
    )


def departing_reason(action: Action, cause: Cause) -> str:
    """Why something leaves: distinguishes a disconnect, which Terraform has no word for, from a deletion."""
    return action.value if action is Action.DISCONNECT else cause.value


def _row_sides(row: Row, names: Names) -> tuple[Side, Side, str | None]:
    """Both sides of a change, and its action_reason."""
    match row.action:
        case Action.CREATE:
            return _NOTHING, _side(row.address, _afters(row.fields), names), None
        case Action.DELETE | Action.FORGET | Action.DISCONNECT:
            return _before(row, names), _NOTHING, departing_reason(row.action, row.cause)
        case Action.BLOCKED:
            live = _before(row, names) if any(field.before for field in row.fields) else _NOTHING
            return live, live, row.cause.value
        case Action.ADOPT | Action.MOVE:
            after = _after(row, names)
            return after, after, None
        case Action.EXPORT:
            before = _before(row, names)
            return before, before, None
        case Action.UPDATE | Action.NO_OP:
            return _before(row, names), _after(row, names), None


def _before(row: Row, names: Names) -> Side:
    return _side(row.address, _befores(row.fields), names, row.id)


def _after(row: Row, names: Names) -> Side:
    return _side(row.address, _afters(row.fields), names, row.id)


def _no_op_entry(address: Address, names: Names) -> Entry:
    """A no-op, with the attributes that its address holds."""
    side = _side(address, (), names)
    return _entry(address, names, Action.NO_OP, (side, side))


def drift_entry(remark: Remark, names: Names) -> Iterator[Entry]:
    """Terraform's drift goes from what was recorded (here: what is declared) to what is live."""
    if remark.address is not None:
        declared = _side(remark.address, _afters(remark.fields), names)
        live = _side(remark.address, _befores(remark.fields), names)
        yield _entry(remark.address, names, Action.UPDATE, (declared, live))


def _befores(fields: Iterable[Field]) -> Iterator[tuple[str, Shown | None]]:
    return ((field.name, field.before) for field in fields)


def _afters(fields: Iterable[Field]) -> Iterator[tuple[str, Shown | None]]:
    return ((field.name, field.after) for field in fields)


def _identity(address: Address, names: Names) -> dict[str, str]:
    return {name: escape(value) for name, value in identity(address, names).items()}


def _side(
    address: Address, values: Iterable[tuple[str, Shown | None]], names: Names, live_id: str = ""
) -> Side:
    found: dict[str, Value] = {**_identity(address, names)}
    marks: dict[str, bool] = {}
    if live_id:
        found["id"] = escape(live_id)
    for name, value in values:
        key = escape(name)
        found[key] = _value(name, value.text) if value and value.text is not None else None
        if value and value.hidden:
            marks[key] = True
    return Side(found, marks)


def _value(name: str, text: str) -> Value:
    if name in _NUMBERS:
        for read in (int, float):
            with suppress(ValueError):
                return read(text)
    return escape(text.removesuffix(HIDDEN_PART) if name == "url" else text)


def check_of(row: Row, names: Names) -> dict[str, Any]:
    """What is blocked, as a check that fails; as one that passes where a decision accepts it."""
    place = {"kind": "resource", "to_display": row.shown, **named(row.address, names)}
    del place["address"]
    status = "pass" if row.accepted else "fail"
    index = index_of(row.shown)
    key = {"instance_key": index} if index else {}
    instance = {"address": {"to_display": row.shown, **key}, "status": status}
    problems = {"problems": [{"message": escape(row.reason or row.cause)}]} if status == "fail" else {}
    return {"address": place, "status": status, "instances": [{**instance, **problems}]}
