"""Print a list as it is read, page by page: chosen rows, in a chosen format, to stdout or to a file."""

import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kardia_ctl.cli.naming import named_record
from kardia_ctl.cli.options import (
    Options,
    json_option,
    moment,
    out_option,
    show_phi_option,
    shows_phi,
    time_of,
)
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.progress import counting
from kardia_ctl.cli.private_files import Ours, out_stream
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.listing import ListFormat, printer
from kardia_ctl.render.records.record_columns import Shape
from kardia_ctl.render.records.visibility import Guard, hidden_columns, visible_record
from kardia_ctl.render.text import count_of

if TYPE_CHECKING:
    from kardia_ctl.api.records.decode_rows import RowsPage


@dataclass(frozen=True, slots=True)
class ListOptions:
    """How to print a list: format, file, and which rows. ``since`` is the earliest time to print.

    ``wanted`` chooses among the rows; without it all are printed.
    """

    form: ListFormat = ListFormat.TABLE
    show_phi: bool = False
    out: Path | None = None
    limit: int | None = None
    since: datetime | None = None
    newest_first: bool = False
    wanted: Callable[[Mapping[str, Any]], bool] | None = None

    @property
    def most(self) -> int | None:
        """The maximum number of rows to read; None while rows may still be left out."""
        return self.limit if self.since is None and self.wanted is None else None


form_options: Final = Options(
    json_option("Print a JSON array, one row a line."),
    click.option("--csv", "as_csv", is_flag=True, help="Print CSV, safe from formulas in spreadsheets."),
    out_option(),
    show_phi_option,
)
"""--json, --csv, --out and --show-phi."""

limit_option: Final = click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Print only the first N rows of the list."
)

since_options: Final = Options(
    click.option(
        "--since",
        type=moment,
        metavar="DATE",
        help="Print only rows at or after this day (UTC) or time, such as 2026-03-01 or "
        "2026-03-01T12:00:00+01:00. Reads the whole list, because the API's documents promise no order.",
    ),
    click.option(
        "--newest-first",
        is_flag=True,
        help="With --since: stop reading at the first page whose rows are all older. Misses rows when the "
        "list is not newest first; the API's documents do not promise that order.",
    ),
)
"""--since and --newest-first."""


def list_options_from(options: dict[str, Any]) -> ListOptions:
    """The list options of a command's options; they are removed."""
    as_json, as_csv = options.pop("as_json"), options.pop("as_csv")
    if as_json and as_csv:
        raise RunStopped("--json and --csv exclude each other: choose one")
    out = options.pop("out")
    return ListOptions(
        form=ListFormat.JSON if as_json else ListFormat.CSV if as_csv else ListFormat.TABLE,
        show_phi=shows_phi(asked=options.pop("show_phi"), out=out),
        out=out,
        limit=options.pop("limit", None),
        since=options.pop("since", None),
        newest_first=options.pop("newest_first", False),
    )


@dataclass(slots=True)
class _Selection:
    """Chooses the rows to print, page by page, and counts.

    ``previous`` holds the ids of the page before: a row can move to the next page while a list is read.
    ``ended``: no later page can hold a row to print.
    """

    shape: Shape
    options: ListOptions
    read: int = 0
    printed: int = 0
    timeless: int = 0
    total: int | None = None
    ended: bool = False
    previous: frozenset[str] = frozenset()

    def choose(self, page: "RowsPage") -> list[Mapping[str, Any]]:
        """The rows of the next page that are new and wanted."""
        rows: list[Mapping[str, Any]] = [row for row in page.rows if row.get("id") not in self.previous]
        self.previous = frozenset(str(row["id"]) for row in page.rows if row.get("id"))
        self.read += len(rows)
        self.total = page.total
        if self.options.since is not None:
            rows = self._recent(page, rows, self.options.since)
        if self.options.wanted is not None:
            rows = list(filter(self.options.wanted, rows))
        if self.options.limit is not None:
            rows = rows[: self.options.limit - self.printed]
        self.printed += len(rows)
        self.ended = self.ended or self.printed == self.options.limit
        return rows

    def _recent(
        self, page: "RowsPage", rows: list[Mapping[str, Any]], since: datetime
    ) -> list[Mapping[str, Any]]:
        """The rows from ``since`` on, and those without a readable time."""
        times = [self._time(row) for row in rows]
        self.timeless += times.count(None)
        if self.options.newest_first and page.rows:
            self.ended = all(at is not None and at < since for at in map(self._time, page.rows))
        return [row for row, at in zip(rows, times, strict=True) if at is None or at >= since]

    def _time(self, row: Mapping[str, Any]) -> datetime | None:
        return time_of(row.get(self.shape.time))


def is_list(shape: Shape) -> Ours:
    """Whether a file that begins with some bytes is a list of this shape, in any of the formats."""
    heading = {name.upper() for name in shape.columns}

    def ours(head: bytes) -> bool:
        first, _, rest = head.partition(b"\n")
        line = first.decode("utf-8", "replace")
        is_array = (line == "[" and rest.startswith(b'{"')) or head == b"[]\n"
        return is_array or line == ",".join(shape.columns) or set() < set(line.split()) <= heading

    return ours


async def print_list(
    pages: AsyncGenerator["RowsPage"], shape: Shape, options: ListOptions, guard: Guard
) -> None:
    """Print a list as it is read; free texts of the server go through ``guard``."""
    guard = lru_cache(maxsize=1 << 10)(guard)  # a list of patients has few statuses
    selection, text = _Selection(shape, options), printer(options.form, shape, show_phi=options.show_phi)
    with out_stream(options.out, is_list(shape)) as write, _progress(shape, options) as count:
        async with aclosing(pages):
            async for page in pages:
                rows = selection.choose(page)
                count(selection.read, page.total)
                write(
                    text.page(
                        [
                            named_record(
                                visible_record(row, shape, guard, show_phi=options.show_phi),
                                is_own_file=options.out is not None,
                            )
                            for row in rows
                        ]
                    )
                )
                if selection.ended:
                    break
        write(text.end())
    _explain(selection)


def _explain(selection: _Selection) -> None:
    """Print to stderr what the rows do not show: missing rows, rows without a time, hidden columns."""
    shape, options = selection.shape, selection.options
    whole = options.limit is None and not options.newest_first
    if whole and selection.total is not None and selection.total != selection.read:
        print_message(
            f"Warning: read {count_of(selection.read, shape.noun)}, but the list's totalCount is "
            f"{selection.total}: the list changed meanwhile, or is incomplete. Run the command again"
        )
    if selection.timeless:
        print_message(
            f"Warning: {count_of(selection.timeless, shape.noun)} without a readable time printed regardless "
            "of --since"
        )
    if not selection.printed and options.form is ListFormat.TABLE:
        print_message(f"No {shape.noun} found.")
    if selection.printed and (hidden := hidden_columns(shape, show_phi=options.show_phi)):
        print_message(f"Hidden: {', '.join(hidden)}; --show-phi shows them.")


@contextmanager
def _progress(shape: Shape, options: ListOptions) -> Iterator[Callable[[int, int | None], None]]:
    """Show the number of rows read on a terminal's stderr, unless the rows themselves appear there."""
    if options.out is None and sys.stdout.isatty():
        yield lambda _number, _total: None
        return
    with counting(f"{shape.noun}s") as count:
        most = options.most
        if most is None:
            yield count
        else:
            yield lambda number, total: count(min(number, most), None if total is None else min(total, most))
