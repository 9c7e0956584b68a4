"""What may be made of a file: so much for each of its bytes, above a floor, and never more than a cap.

A small file can unpack to millions of texts, and a short row can claim thousands of cells. Whoever reads a
format spends from the budget of the file before the memory or the time is.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from kardia_ctl.config.source_files import InvalidContent

_SPLIT: Final = "Save the patients in a file of their own, without anything else in it"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much a file may come to: ``each`` for every byte of it, at least ``floor``, at most ``cap``."""

    floor: int
    each: float
    cap: int

    def of(self, size: int) -> int:
        """The allowance of a file of so many bytes."""
        return min(max(self.floor, int(self.each * size)), self.cap)


class Expense(Enum):
    """What is spent. The allowances admit ten times what spreadsheet programs write for patients."""

    UNPACKED = "bytes unpacked"
    """A workbook of a million patients unpacks to some 12 times its size; a part counts again when named."""
    CELLS = "cells, empty ones included"
    STRINGS = "different texts"
    TEXT = "characters of text"
    PARTS = "formats, links and other elements"
    NODES = "lists, keys and values"

    @property
    def allowance(self) -> Allowance:
        """How much of it a file may come to."""
        return _ALLOWANCES[self]


_ALLOWANCES: Final = {
    Expense.UNPACKED: Allowance(8 << 20, 200, 4 << 30),
    Expense.CELLS: Allowance(200_000, 40, 200_000_000),
    Expense.STRINGS: Allowance(50_000, 2, 20_000_000),
    Expense.TEXT: Allowance(4 << 20, 200, 4 << 30),
    Expense.PARTS: Allowance(50_000, 0.5, 1_000_000),
    Expense.NODES: Allowance(100_000, 0.25, 10_000_000),
}


class Budget:
    """What is left to spend on a file of ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self._left = {expense: expense.allowance.of(size) for expense in Expense}

    def spend(self, expense: Expense, count: int) -> None:
        """Spend ``count`` of something.

        Raises:
            InvalidContent: the file comes to more than its size allows.
        """
        self._left[expense] -= count
        if self._left[expense] < 0:
            raise InvalidContent(f"the file comes to too many {expense.value} for its size", _SPLIT)
