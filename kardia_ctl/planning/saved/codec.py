"""The JSON document of a saved plan: addresses, attribute names and digests, without values or mrns.

The structs are the file's schema. Decoding is strict: a missing field, an unknown one or a value of another
type is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeVar

from msgspec import MsgspecError, Struct, convert, to_builtins

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.follow_ups import FollowUps
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.kinds import Kind, visible_value
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, Requests, Values
from kardia_ctl.model.source import Source
from kardia_ctl.model.template import Template
from kardia_ctl.planning.inputs import Decisions
from kardia_ctl.planning.saved.parts import PartDigests
from kardia_ctl.planning.saved.saved_rows import (
    Count,
    DecisionsRow,
    FollowingRow,
    TermsRow,
    amount,
    following,
    terms,
)

UNREADABLE: Final = (ValueError, MsgspecError, ArithmeticError, RecursionError)
"""What reading JSON of another shape raises; the errors of msgspec 0.19 and 0.20 are no ValueErrors."""

Names: TypeAlias = list[str | tuple[str, str]]
"""Attribute names in the order in which a plan shows them, with the values that anybody may see."""

Position: TypeAlias = tuple[str, Count, Count]  # file, line and column

T = TypeVar("T")
_P = TypeVar("_P", bound=Struct)


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the document."""


class Binding(_Part, frozen=True):
    """What a saved plan belongs to: it can only be applied while all of this is the same."""

    version: str
    endpoint: str
    team: str
    workspace: str
    configuration: str
    state: str
    live: str


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was saved. Values are redacted: ``before`` and ``after`` hold names only.

    ``created`` is Unix seconds; ``digests`` stand for the changes, in the plan's order; ``path`` leads from
    the file's directory to the configuration, whose files are among ``parts``. In a file patients have
    pseudonyms; ``names`` is the check value of their key.
    """

    id: str
    created: int
    binding: Binding
    decisions: Decisions
    digests: tuple[str, ...]
    plan: Plan
    path: str = ""
    parts: tuple[PartDigests, ...] = ()
    names: str = ""


class _ChangePart(_Part, frozen=True):
    address: str
    action: Action
    cause: Cause
    reason: str
    before: Names | None
    after: Names | None
    id: str
    target: str
    source: Position | None
    price: str | None
    previous: str | None
    accepted: str
    digest: str


class _NoticePart(_Part, frozen=True):
    kind: NoticeKind
    text: str
    address: str | None
    before: Names | None
    after: Names | None
    source: Position | None


class _Document(_Part, frozen=True):
    id: str
    created: Count
    binding: Binding
    decisions: DecisionsRow
    changes: list[_ChangePart]
    notices: list[_NoticePart]
    stops: tuple[str, ...]
    unchanged: dict[Kind, tuple[tuple[str, ...], ...]]
    requests: tuple[Count, Count, Count]
    cost: str
    unpriced: Count
    team: str
    templates: list[TermsRow]
    left: Count
    excluded: Count
    rate: str | None
    following: FollowingRow
    refresh: Refresh
    digest: str
    touched: Touched
    path: str
    parts: list[PartDigests]
    names: str


def as_json(saved: SavedPlan) -> Any:
    """The document of a saved plan. It has the fields of the structs above and nothing else."""
    changes = zip(saved.plan.changes, saved.digests, strict=True)
    return to_builtins(
        _part(
            _Document,
            saved.plan,
            id=saved.id,
            created=saved.created,
            binding=saved.binding,
            decisions=_part(DecisionsRow, saved.decisions),
            changes=[_part(_ChangePart, one, **_sides(one), digest=digest) for one, digest in changes],
            notices=[_part(_NoticePart, notice, **_sides(notice)) for notice in saved.plan.notices],
            unchanged=saved.plan.unchanged,
            path=saved.path,
            parts=list(saved.parts),
            names=saved.names,
        )
    )


def _sides(about: Change | Notice) -> dict[str, object]:
    """Both sides: the names of the attributes, and of their values those that anybody may see."""
    kind = about.address.kind if about.address else None

    def side(values: Values | None) -> Names | None:
        seen = {name: visible_value(kind, name, value) for name, value in (values or {}).items()}
        names: Names = [name if value is None else (name, value) for name, value in seen.items()]
        return None if values is None else names

    return {"before": side(about.before), "after": side(about.after)}


def _values(names: Names) -> Values:
    return dict((one, None) if isinstance(one, str) else one for one in names)


def _part(of: type[_P], value: object, **given: object) -> _P:
    """The part that has a value's attributes of the same names, written as the document has them."""
    taken = {name: _written(getattr(value, name)) for name in of.__struct_fields__ if name not in given}
    return of(**taken, **given)


def _written(value: object) -> object:
    """A value as the document has it."""
    match value:
        case Address() | Decimal() | Rate():
            return str(value)
        case Source() | Requests() | FollowUps() | Template():
            size = 5 if isinstance(value, Template) else None  # a template's problem is of no plan
            return tuple(map(_written, astuple(value)[:size]))
        case tuple():
            return tuple(map(_written, value))
        case frozenset():
            return sorted(map(str, value))
        case _:
            return value


def from_json(facts: object) -> SavedPlan:
    """The saved plan of a document.

    Raises:
        UNREADABLE: the JSON has another shape.
    """
    document = convert(facts, _Document)
    return SavedPlan(
        id=document.id,
        created=document.created,
        binding=document.binding,
        decisions=_read(Decisions, document.decisions),
        digests=tuple(change.digest for change in document.changes),
        plan=_read(
            Plan,
            document,
            changes=tuple(_read(Change, change) for change in document.changes),
            notices=tuple(_read(Notice, notice) for notice in document.notices),
        ),
        path=document.path,
        parts=tuple(document.parts),
        names=document.names,
    )


def _read(of: type[T], part: Struct, **given: object) -> T:
    """The model's value with a part's fields of the same names, each read by its name."""
    names = (field.name for field in fields(of) if field.name not in given)  # type: ignore[arg-type]
    return of(**{name: _field(name, getattr(part, name)) for name in names}, **given)


def _field(name: str, written: Any) -> object:
    reader = _READERS.get(name)
    return written if written is None or reader is None else reader(written)


def _addresses(texts: list[str]) -> frozenset[Address]:
    return frozenset(map(Address.parse, texts))


_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "address": Address.parse,
    "previous": Address.parse,
    "before": _values,
    "after": _values,
    "source": lambda place: Source(*place),
    "price": amount,
    "cost": amount,
    "rate": Rate.parse,
    "requests": lambda counts: Requests(*counts),
    "templates": terms,
    "following": following,
    "cohorts": frozenset,
    **dict.fromkeys(("recreate", "reissue", "distinct", "targets", "excludes"), _addresses),
}
"""How to read the fields that the document has in another form than the model."""
