"""How Terraform's documents name an address and show its two sides, without patients' values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from string import ascii_letters, digits
from typing import Any, Final
from urllib.parse import unquote

from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.kinds import HIDDEN_PART
from kardia_ctl.model.plan import Action, Cause, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.names import Names
from kardia_ctl.render.plan.plan_fields import Field, identity
from kardia_ctl.render.plan.plan_rows import Remark, Row, unchanged
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


PROVIDER: Final = "kardia-ctl"

_NUMBERS: Final = frozenset({"duration_days", "price", "recordings"})
"""The attributes whose values are numbers, for policies that compare them."""

_PLAIN: Final = frozenset(ascii_letters + digits + "-")
_NOTHING: Final = Side(None, {})


def _entry(
    address: Address, names: Names, action: Action, before: Side, after: Side, reason: str | None = None
) -> Entry:
    owner = owner_of(address)
    return Entry(
        order=address.order,
        named=named(address, names),
        indexed={"index": index} if (index := index_of(address, names)) else {},
        identity={name: escape(value) for name, value in identity(address, names).items()},
        action=action,
        before=before,
        after=after,
        owner=named(owner, names) if owner else {},
        reason=reason,
    )


def row_entries(rows: Sequence[Row], names: Names) -> Iterator[Entry]:
    """The changes in the document. An address that moved and has another change is there once."""
    moved = {row.address: row.moved_from for row in rows if row.action is Action.MOVE}
    others = {row.address for row in rows if row.action is not Action.MOVE}
    for row in rows:
        if row.action is not Action.MOVE or row.address not in others:
            yield replace(_row_entry(row, names), previous=moved.get(row.address, ""))


def _row_entry(row: Row, names: Names) -> Entry:
    """A change in the document. What is blocked stays as it is live, so both its sides are the live one."""
    before, after, reason = _row_sides(row, names)
    entry = _entry(row.address, names, row.action, before, after, reason)
    return replace(entry, id=row.id or row.shown) if row.action in (Action.ADOPT, Action.MOVE) else entry


def departing_reason(action: Action, cause: Cause) -> str:
    """Why something leaves: distinguishes a disconnect, which Terraform has no word for, from a deletion."""
    return action.value if action is Action.DISCONNECT else cause.value


def _row_sides(row: Row, names: Names) -> tuple[Side, Side, str | None]:
    """Both sides of a change, and its action_reason."""
    before = _side(row.address, _befores(row.fields), names, row.id)
    after = _side(row.address, _afters(row.fields), names, row.id)
    match row.action:
        case Action.CREATE:
            return _NOTHING, _side(row.address, _afters(row.fields), names), None
        case Action.DELETE | Action.FORGET | Action.DISCONNECT:
            return before, _NOTHING, departing_reason(row.action, row.cause)
        case Action.BLOCKED:
            live = before if any(field.before for field in row.fields) else _NOTHING
            return live, live, row.cause.value
        case Action.ADOPT | Action.MOVE:
            return after, after, None
        case Action.EXPORT:
            return before, before, None
        case Action.UPDATE | Action.NO_OP:
            return before, after, None


def no_op_entries(plan: Plan, names: Names) -> Iterator[Entry]:
    """The no-ops, with the attributes that their addresses hold."""
    moved = {change.address for change in plan.changes if change.action is Action.MOVE}
    for address in unchanged(plan):
        if address in moved:
            continue
        side = _side(address, (), names)
        yield _entry(address, names, Action.NO_OP, side, side)


def drift_entry(remark: Remark, names: Names) -> Iterator[Entry]:
    """Terraform's drift goes from what was recorded (here: what is declared) to what is live."""
    if remark.address is not None:
        declared = _side(remark.address, _afters(remark.fields), names)
        live = _side(remark.address, _befores(remark.fields), names)
        yield _entry(remark.address, names, Action.UPDATE, declared, live)


def _befores(fields: Iterable[Field]) -> Iterator[tuple[str, Shown | None]]:
    return ((field.name, field.before) for field in fields)


def _afters(fields: Iterable[Field]) -> Iterator[tuple[str, Shown | None]]:
    return ((field.name, field.after) for field in fields)


def _side(
    address: Address, values: Iterable[tuple[str, Shown | None]], names: Names, live_id: str = ""
) -> Side:
    found: dict[str, Value] = {name: escape(value) for name, value in identity(address, names).items()}
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
    index = index_of(row.address, names)
    key = {"instance_key": index} if index else {}
    instance = {"address": {"to_display": row.shown, **key}, "status": status}
    problems = {"problems": [{"message": escape(row.reason or row.cause)}]} if status == "fail" else {}
    return {"address": place, "status": status, "instances": [{**instance, **problems}]}


def named(address: Address, names: Names) -> dict[str, str]:
    """The keys by which tools join the parts of a plan document."""
    return {
        "address": names.shown(address),
        "mode": "managed",
        "type": f"kardia_{address.kind.value}",
        "name": identifier(address, names),
    }


def index_of(address: Address, names: Names) -> str:
    """The key of an instance: the address without its kind. Empty for a kind that exists once."""
    return names.shown(address).partition("/")[2]


def identifier(address: Address, names: Names) -> str:
    """An identifier, unique among the addresses of a kind: ``JS-20000721``, ``JS-1__one-year``.

    A character that Terraform does not allow there is written as ``_`` and two hex digits for each byte;
    ``__`` separates names. The address of a kind that exists once is ``this``, as in Terraform's modules.
    """
    if not address.names:
        return "this"
    return "__".join(_plain(unquote(name)) for name in index_of(address, names).split("/"))


def _plain(name: str) -> str:
    text = "".join(char if char in _PLAIN else _hex(char) for char in name)
    return text if text[:1] in ascii_letters or text[:1] == "_" else _hex(text[0]) + text[1:]


def _hex(char: str) -> str:
    return "".join(f"_{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def provider_config() -> dict[str, Any]:
    """The provider, for the document's configuration."""
    return {PROVIDER: {"name": PROVIDER, "full_name": PROVIDER}}
