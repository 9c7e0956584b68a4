"""How Terraform's documents name an address and show its two sides, without patients' values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_letters, digits
from typing import Any, Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Action, Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.plan_fields import Field, identity
from kardia_ctl.render.plan.plan_rows import Remark, Row, unchanged
from kardia_ctl.render.redaction import Shown


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a change: attribute values, null where hidden, and which of them are sensitive."""

    values: Mapping[str, str | None] | None
    sensitive: Mapping[str, bool]

    @property
    def marks(self) -> Mapping[str, bool] | bool:
        """Terraform writes false where there is no object to mark."""
        return False if self.values is None else self.sensitive


@dataclass(frozen=True, slots=True)
class Entry:
    """One address in the document, no-ops included. ``reason`` is its action_reason.

    ``previous`` is the address that it moved from.
    """

    address: Address
    action: Action
    before: Side
    after: Side
    reason: str | None = None
    id: str = ""
    previous: Address | None = None

    @property
    def declared(self) -> bool:
        """Whether the configuration declares it as something that should exist."""
        return self.action not in (Action.FORGET, Action.DISCONNECT, Action.DELETE)


PROVIDER: Final = "kardia-ctl"

_PLAIN: Final = frozenset(ascii_letters + digits + "-")
_NOTHING: Final = Side(None, {})


def row_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """The changes in the document. An address that moved and has another change is there once."""
    moved = {row.address: row.previous for row in rows if row.action is Action.MOVE}
    others = {row.address for row in rows if row.action is not Action.MOVE}
    for row in rows:
        if row.action is not Action.MOVE or row.address not in others:
            yield replace(_row_entry(row), previous=moved.get(row.address))


def _row_entry(row: Row) -> Entry:
    """A change in the document. What is blocked stays as it is live, so both its sides are the live one."""
    before = _side(row.address, _befores(row.fields), row.id)
    after = _side(row.address, _afters(row.fields), row.id)
    match row.action:
        case Action.CREATE:
            return Entry(row.address, row.action, _NOTHING, _side(row.address, _afters(row.fields)))
        case Action.DELETE | Action.FORGET:
            return Entry(row.address, row.action, before, _NOTHING, row.cause.value)
        case Action.DISCONNECT:
            return Entry(row.address, row.action, before, _NOTHING, row.action.value)
        case Action.BLOCKED:
            live = before if any(field.before for field in row.fields) else _NOTHING
            return Entry(row.address, row.action, live, live, row.cause.value)
        case Action.ADOPT | Action.MOVE:
            known = row.id or str(row.address)
            return Entry(row.address, row.action, after, after, id=known)
        case Action.UPDATE | Action.NO_OP | Action.EXPORT:
            unchanged_side = row.action is Action.EXPORT
            return Entry(row.address, row.action, before, before if unchanged_side else after)


def no_op_entries(plan: Plan) -> Iterator[Entry]:
    """The no-ops, with the attributes that their addresses hold."""
    moved = {change.address for change in plan.changes if change.action is Action.MOVE}
    for address in unchanged(plan):
        if address in moved:
            continue
        side = _side(address, ())
        yield Entry(address, Action.NO_OP, side, side)


def drift_entry(remark: Remark) -> Iterator[Entry]:
    """Terraform's drift goes from what was recorded (here: what is declared) to what is live."""
    if remark.address is not None:
        declared = _side(remark.address, _afters(remark.fields))
        live = _side(remark.address, _befores(remark.fields))
        yield Entry(remark.address, Action.UPDATE, declared, live)


def _befores(fields: Iterable[Field]) -> Iterator[tuple[str, Shown | None]]:
    return ((field.name, field.before) for field in fields)


def _afters(fields: Iterable[Field]) -> Iterator[tuple[str, Shown | None]]:
    return ((field.name, field.after) for field in fields)


def _side(address: Address, values: Iterable[tuple[str, Shown | None]], live_id: str = "") -> Side:
    texts: dict[str, str | None] = {name: escape(value) for name, value in identity(address).items()}
    marks: dict[str, bool] = {}
    if live_id:
        texts["id"] = escape(live_id)
    for name, value in values:
        key = escape(name)
        texts[key] = escape(value.text) if value and value.text is not None else None
        if value and value.hidden:
            marks[key] = True
    return Side(texts, marks)


def check_of(row: Row) -> dict[str, Any]:
    """What is blocked, as a check that fails; as one that passes where a decision accepts it."""
    place = {"kind": "resource", "to_display": str(row.address), **named(row.address)}
    del place["address"]
    status = "pass" if row.accepted else "fail"
    instance = {"address": {"to_display": str(row.address)}, "status": status}
    problems = {"problems": [{"message": escape(row.reason)}]} if status == "fail" else {}
    return {"address": place, "status": status, "instances": [{**instance, **problems}]}


def named(address: Address) -> dict[str, str]:
    """The keys by which tools join the parts of a plan document."""
    return {
        "address": str(address),
        "mode": "managed",
        "type": f"kardia_{address.kind.value}",
        "name": identifier(address),
    }


def identifier(address: Address) -> str:
    """An identifier, unique among the addresses of a kind: ``JS-20000721``, ``JS-1__one-year``.

    A character that Terraform does not allow there is written as ``_`` and two hex digits for each byte;
    ``__`` separates names. The address of a kind that exists once is ``this``, as in Terraform's modules.
    """
    return "__".join(_plain(name) for name in address.names) or "this"


def _plain(name: str) -> str:
    text = "".join(char if char in _PLAIN else _hex(char) for char in name)
    return text if text[:1] in ascii_letters or text[:1] == "_" else _hex(text[0]) + text[1:]


def _hex(char: str) -> str:
    return "".join(f"_{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def provider_config() -> dict[str, Any]:
    """The provider, for the document's configuration."""
    return {PROVIDER: {"name": PROVIDER, "full_name": PROVIDER}}
