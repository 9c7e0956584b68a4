"""How much of the account a plan reads, and what state keeps of the list of patients for the next plan."""

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from hashlib import blake2b
from typing import Self

import msgspec


class Refresh(StrEnum):
    """What a plan reads (``plan --refresh``).

    ``FULL`` is everything that it needs, ``HEAD`` one page of the list and by id whom it would change,
    ``OFF`` nothing: what is declared is compared with state alone.
    """

    FULL = "full"
    HEAD = "head"
    OFF = "off"


class ListHead(msgspec.Struct, frozen=True):
    """One answer that showed the head of the list.

    Attributes:
        total: Its totalCount.
        rows: How many patients it showed.
        ids: The ids of the upper half of them, the newest first: so many newcomers may stand above them later
            that all of them still fit on a page.
    """

    total: int
    rows: int
    ids: tuple[str, ...]

    @classmethod
    def of(cls, total: int | None, ids: Sequence[str]) -> Self | None:
        """The head with these ids; None without totalCount."""
        return None if total is None else cls(total, len(ids), tuple(ids[: -(-len(ids) // 2)]))


class ProvenList(msgspec.Struct, frozen=True):
    """What state keeps of one moment at which the list of patients was proven.

    Attributes:
        head: The head of the list at that moment.
        recorded: The digest of the ids that state then recorded and that were in the list.
        absent: The ids that state then recorded and that were not in the list.
    """

    head: ListHead
    recorded: str
    absent: tuple[str, ...] = ()

    @property
    def newest(self) -> str:
        """The id at the head of the list; empty when nobody was in it."""
        return self.head.ids[0] if self.head.ids else ""

    def __str__(self) -> str:
        return json.dumps(msgspec.to_builtins(self), separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The value that ``str`` returned as this text; None for any other text."""
        try:
            return msgspec.convert(json.loads(text), cls)
        except (ValueError, RecursionError, msgspec.MsgspecError):
            return None


def digest_of_ids(ids: Iterable[str]) -> str:
    """A digest of a set of ids: equal for equal sets, whatever their order."""
    text = "\0".join(sorted(ids)).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).hexdigest()
