"""What keeps the texts of a state from who reads its database."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Sealer(Protocol):
    """Seals texts for storage. Equal texts of one column are equal when sealed, so that a row is found."""

    def seal(self, column: str, text: str, row: str = "") -> str:
        """The text as it is stored; an empty one stays empty.

        Args:
            column: Table and column, as in ``record.name``. A text is only valid in its column.
            text: The text.
            row: The sealed key of its row, to which it is bound; empty for a key itself.
        """
        ...

    def open_rows(
        self, rows: Iterable[tuple[Any, ...]], columns: Sequence[str], row: int | None = None
    ) -> Iterable[tuple[Any, ...]]:
        """Rows with their texts opened.

        Args:
            rows: As they are stored.
            columns: For each value of a row its column, empty where it is not sealed.
            row: The position of the key to which the values after it are bound.

        Raises:
            StateError: a text was not sealed with this key, for this column or for this row.
        """
        ...


class _Plain:
    """Stores texts as they are."""

    def seal(self, _column: str, text: str, _row: str = "") -> str:
        return text

    def open_rows(
        self, rows: Iterable[tuple[Any, ...]], _columns: Sequence[str], _row: int | None = None
    ) -> Iterable[tuple[Any, ...]]:
        return rows


PLAIN: Sealer = _Plain()
"""For a state that is not encrypted."""
