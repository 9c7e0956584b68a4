"""Plans: what apply will do, as data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.follow_ups import FollowUps
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.source import Source
from kardia_ctl.model.template import Template

Values = Mapping[str, str | None]
"""Attribute name to value, as text."""


class Action(StrEnum):
    """What happens to an address.

    ==========  =========  ========  =================================================
    action      before     after     request
    ==========  =========  ========  =================================================
    no-op       observed   desired   none
    create      none       desired   one POST; GET …/code; PUT of an unset callback
    update      observed   desired   one PUT (callbacks only)
    adopt       observed   desired   none: it exists live, state did not know
    forget      none       none      none: no longer managed, untouched in Kardia
    move        none       none      none: the records of a corrected mrn follow it
    disconnect  observed   none      one POST …/disconnect
    export      observed   observed  one GET …/export: an effect, mailed to the key's owner
    delete      observed   none      two reads of the patient, then one DELETE
    blocked     observed   desired   none: the API cannot do it, or it is not safe
    ==========  =========  ========  =================================================
    """

    NO_OP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    FORGET = "forget"
    MOVE = "move"
    DISCONNECT = "disconnect"
    EXPORT = "export"
    DELETE = "delete"
    BLOCKED = "blocked"

    @property
    def writes(self) -> bool:
        """Whether apply sends a request for it."""
        return self in _WRITES


_WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.DISCONNECT, Action.EXPORT, Action.DELETE})


class Cause(StrEnum):
    """Why an address has its action, as a stable word for programs; ``Change.reason`` is for people."""

    DECLARED = "declared"
    DIFFERS = "differs"
    EXISTS_LIVE = "exists_live"
    UNDECLARED = "undeclared"
    DEPARTURE = "departure"
    IMMUTABLE = "immutable"
    SAME_PERSON = "same_person"
    DUPLICATE_MRN = "duplicate_mrn"
    DUPLICATE_LOGIN = "duplicate_login"
    ID_MISMATCH = "id_mismatch"
    DELETED_ELSEWHERE = "deleted_elsewhere"
    IN_DOUBT = "in_doubt"
    UNSETTLED = "unsettled"
    SCAN_INCOMPLETE = "scan_incomplete"
    TEMPLATE_MISSING = "template_missing"
    PLAN_CHANGE = "plan_change"
    DUPLICATE_TEMPLATE = "duplicate_template"
    OWNER_BLOCKED = "owner_blocked"
    UNREADABLE = "unreadable"
    ROW_SET_ASIDE = "row_set_aside"
    CODE_NOT_AT_HAND = "code_not_at_hand"
    HAS_RECORDINGS = "has_recordings"
    LIVE_AGAIN = "live_again"
    MOVED = "moved"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Change:
    """One address that is not a no-op.

    ``before`` and ``after`` are the attributes that matter (all for a create, else those that differ). ``id``
    is the live id where it is known, ``target`` what a write also needs (a template id, a team id),
    ``previous`` the address that a patient moved from. ``reason`` is a sentence without a patient's values.
    ``accepted`` is the day until which a decision accepts that it is blocked.
    """

    address: Address
    action: Action
    cause: Cause
    reason: str = ""
    before: Values | None = field(default=None, repr=False)
    after: Values | None = field(default=None, repr=False)
    id: str = ""
    target: str = ""
    source: Source | None = None
    price: Decimal | None = None
    previous: Address | None = None
    accepted: str = ""

    @property
    def reads(self) -> int:
        """How many reads apply sends just before its write: the patient and the recordings of a deletion."""
        return 2 if self.action is Action.DELETE else 0

    @property
    def requests(self) -> int:
        """How many requests apply sends for it: its reads, one write, and one more where a user redeems."""
        return (self.reads + 1 + self.redeems) if self.action.writes else 0

    @property
    def blocks(self) -> bool:
        """Whether it is blocked, and no decision accepts that."""
        return self.action is Action.BLOCKED and not self.accepted

    @property
    def redeems(self) -> bool:
        """Whether a new user redeems a code of the same run."""
        return bool(self.after and self.after.get("redeem"))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the attributes in before and after, in their order."""
        return tuple(dict.fromkeys((*(self.after or ()), *(self.before or ()))))


class NoticeKind(StrEnum):
    """What a notice is about. No notice changes the exit code."""

    DRIFT = "drift"
    UNVERIFIABLE = "unverifiable"
    RECORDED = "known from state"
    EXPIRED = "expired?"
    NOT_SENT = "not sent"
    WARNING = "warning"
    DEPARTED = "departed"
    WAITING = "waiting"
    DECIDED = "decided"
    IDLE = "idle"
    UNDECLARED = "undeclared"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Notice:
    """Information that is not a change. ``text`` holds no patient's values."""

    kind: NoticeKind
    text: str
    address: Address | None = None
    before: Values | None = field(default=None, repr=False)
    after: Values | None = field(default=None, repr=False)
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Requests:
    """How many requests planning took (``spent``) and applying will take (``reads`` + ``writes``)."""

    spent: int = 0
    reads: int = 0
    writes: int = 0

    @property
    def apply(self) -> int:
        """All requests of an apply of this plan, its own observation included."""
        return self.reads + self.writes


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """(desired, observed, state, now) → this. Sorted by address, serialisable, no callbacks.

    Attributes:
        changes: Everything but the no-ops.
        notices: What to know besides.
        stops: The reasons why nothing at all may be written.
        unchanged: The names of the no-ops, by kind.
        requests: The requests of planning and of applying.
        cost: The price of the codes to issue, in the templates' currency.
        unpriced: The number of codes to issue whose template has no price.
        team: The declared tenant.
        templates: The templates of the codes to issue, in the order of their labels.
        left: The number of writes that ``--limit`` leaves for later runs.
        excluded: The number of addresses that ``--exclude`` leaves alone.
        rate: How fast the last apply sent; None when unknown.
        following: The most that may follow when requests in doubt are settled.
        refresh: How much of the account was read for it.
        digest: Identifies what would be done, on any machine and at any time; empty where it is not known.
        touched: Whom it touches.
    """

    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    stops: tuple[str, ...] = ()
    unchanged: Mapping[Kind, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    requests: Requests = Requests()
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    team: str = ""
    templates: tuple[Template, ...] = ()
    left: int = 0
    excluded: int = 0
    rate: Rate | None = None
    following: FollowUps = field(default_factory=FollowUps)
    refresh: Refresh = Refresh.FULL
    digest: str = ""
    touched: Touched = field(default_factory=Touched)

    def count(self, *actions: Action) -> int:
        """How many changes have one of these actions."""
        return sum(1 for change in self.changes if change.action in actions)

    @property
    def writes(self) -> bool:
        """Whether apply sends any write."""
        return any(change.action.writes for change in self.changes)

    @property
    def blocked(self) -> bool:
        """Whether something cannot be done: an address that is blocked, or a stop of the whole run."""
        return bool(self.stops) or any(change.blocks for change in self.changes)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do, decide or record."""
        return not (self.changes or self.stops)


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes sorted by address, then by action, target and id."""
    return tuple(sorted(changes, key=lambda one: (one.address.order, one.action, one.target, one.id)))
