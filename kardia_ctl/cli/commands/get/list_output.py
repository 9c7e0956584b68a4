"""Printing a list that is read page by page: what is asked for, where it goes, what is said beside it."""

import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.terminal import is_persons
from kardia_ctl.cli.private_files import private_file
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.listing import ListFormat, printer
from kardia_ctl.render.records.record_columns import Shape
from kardia_ctl.render.records.visibility import hidden_columns, seen
from kardia_ctl.render.text import count_of

if TYPE_CHECKING:
    from kardia_ctl.api.records.decode_rows import RowsPage

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of a list. ``since`` is None, or the earliest time that is wanted."""

    form: ListFormat = ListFormat.TABLE
    show_phi: bool = False
    out: Path | None = None
    limit: int | None = None
    since: datetime | None = None
    newest_first: bool = False

    @property
    def most(self) -> int | None:
        """How many rows may be read at most: all of them while rows are still left out by their time."""
        return self.limit if self.since is None else None


def form_options(command: Command) -> Command:
    """--json, --csv, --out and --show-phi."""
    for option in reversed(
        (
            click.option("--json", "as_json", is_flag=True, help="A JSON array, one row a line."),
            click.option("--csv", "as_csv", is_flag=True, help="CSV that no spreadsheet takes for formulas."),
            out_option(),
            show_phi_option(),
        )
    ):
        command = option(command)
    return command


def out_option(*, required: bool = False) -> Callable[[Command], Command]:
    """--out."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        required=required,
        help="Write to this file, readable by you alone.",
    )


def show_phi_option() -> Callable[[Command], Command]:
    """--show-phi."""
    return click.option(
        "--show-phi",
        is_flag=True,
        help="Show names, birth dates, e-mails, phones and notes where they are hidden by default: "
        "everywhere but on your own terminal.",
    )


def limit_option(command: Command) -> Command:
    """--limit."""
    return click.option(
        "--limit", type=click.IntRange(1), metavar="N", help="Only the first N that the list shows."
    )(command)


def since_options(command: Command) -> Command:
    """--since and --newest-first."""
    newest = click.option(
        "--newest-first",
        is_flag=True,
        help="With --since: stop at the first page that is older as a whole. Right when the account's "
        "lists are newest first, which the API's documents do not promise.",
    )
    since = click.option(
        "--since",
        type=moment,
        metavar="DATE",
        help="Only what is from this day (UTC) or time on, as 2026-03-01 or 2026-03-01T12:00:00+01:00. "
        "The whole list is read for it: the documents promise no order.",
    )
    return since(newest(command))


def moment(text: str) -> datetime:
    """A day or a time on the command line; without an offset in UTC.

    Raises:
        BadParameter: it is neither.
    """
    found = time_of(text)
    if found is None:
        raise click.BadParameter("write a day as 2026-03-01 or a time as 2026-03-01T12:00:00Z")
    return found


def time_of(value: object) -> datetime | None:
    """A time as servers write it (RFC 3339); None for what is none."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def wish_from(options: dict[str, Any]) -> Wish:
    """Take what is wanted of a list out of a command's options."""
    as_json, as_csv = options.pop("as_json"), options.pop("as_csv")
    if as_json and as_csv:
        raise RunStopped("--json and --csv are two forms: choose one")
    out = options.pop("out")
    return Wish(
        form=ListFormat.JSON if as_json else ListFormat.CSV if as_csv else ListFormat.TABLE,
        show_phi=shows_phi(out, asked=options.pop("show_phi")),
        out=out,
        limit=options.pop("limit", None),
        since=options.pop("since", None),
        newest_first=options.pop("newest_first", False),
    )


def shows_phi(out: Path | None, *, asked: bool) -> bool:
    """Whether patients' values are shown: on a person's terminal, and where they were asked for."""
    return asked or (out is None and is_persons(sys.stdout))


@dataclass(slots=True)
class _Count:
    """What was read of a list. ``before`` are the ids of the page before: rows move while a list is read."""

    read: int = 0
    shown: int = 0
    timeless: int = 0
    total: int | None = None
    before: frozenset[str] = field(default_factory=frozenset)


async def print_list(pages: AsyncGenerator["RowsPage"], shape: Shape, wish: Wish) -> int:
    """Print a list as it is read; how many rows were printed."""
    from kardia_ctl.api.scrub import redacted

    count, text = _Count(), printer(wish.form, shape, show_phi=wish.show_phi)
    with target(wish.out) as write, _progress(shape, wish) as progress:
        async with aclosing(pages):
            async for page in pages:
                progress(len(page.rows), page.total)
                rows, older = _wanted(page, shape, wish, count)
                write(text.page([seen(row, shape, redacted, show_phi=wish.show_phi) for row in rows]))
                if older or count.shown == wish.limit:
                    break
        write(text.end())
    _tell(count, shape, wish)
    return count.shown


def _wanted(
    page: "RowsPage", shape: Shape, wish: Wish, count: _Count
) -> tuple[list[Mapping[str, Any]], bool]:
    """The rows of a page that are new and wanted; whether all that follow are too old to be."""
    rows: list[Mapping[str, Any]] = [row for row in page.rows if row.get("id") not in count.before]
    count.before = frozenset(str(row["id"]) for row in page.rows if row.get("id"))
    count.read += len(rows)
    count.total = page.total
    older = False
    if wish.since is not None:
        since, times = wish.since, [time_of(row.get(shape.time)) for row in rows]
        count.timeless += times.count(None)
        older = (
            wish.newest_first and bool(page.rows) and all(_is_before(row, shape, since) for row in page.rows)
        )
        rows = [row for row, at in zip(rows, times, strict=True) if at is None or at >= since]
    if wish.limit is not None:
        rows = rows[: wish.limit - count.shown]
    count.shown += len(rows)
    return rows, older


def _is_before(row: Mapping[str, Any], shape: Shape, since: datetime) -> bool:
    at = time_of(row.get(shape.time))
    return at is not None and at < since


def _tell(count: _Count, shape: Shape, wish: Wish) -> None:
    """What a reader of the rows cannot see in them, on stderr."""
    whole = wish.limit is None and not wish.newest_first
    if whole and count.total is not None and count.total != count.read:
        print_message(
            f"Warning: the list showed {count_of(count.read, shape.noun)} and its totalCount is "
            f"{count.total}: it moved while it was read, or it is not whole. Read it again"
        )
    if count.timeless:
        print_message(
            f"Warning: {count_of(count.timeless, shape.noun)} without a time that can be read are shown too"
        )
    if not count.shown and wish.form is ListFormat.TABLE:
        print_message(f"There is no {shape.noun}.")
    if count.shown and (hidden := hidden_columns(shape, show_phi=wish.show_phi)):
        print_message(f"Hidden: {', '.join(hidden)}; --show-phi shows them.")


@contextmanager
def target(out: Path | None) -> Iterator[Callable[[str], object]]:
    """Where the text goes: stdout, which may be closed by its reader at any time, or a private file."""
    if out is None:
        yield _print
        return
    with private_file(out) as file:
        yield lambda text: file.write(text.encode())


def _print(text: str) -> None:
    click.echo(text, nl=False)  # a reader that left ends the reading: BrokenPipeError goes up
    sys.stdout.flush()


_ENOUGH: Final = 500


@contextmanager
def _progress(shape: Shape, wish: Wish) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on a terminal's stderr, when the rows go elsewhere and there are more than one page."""
    if not sys.stderr.isatty() or (wish.out is None and sys.stdout.isatty()):
        yield lambda _count, _total: None
        return
    with click.progressbar(length=1, label=f"Reading {shape.noun}s", file=sys.stderr, show_pos=True) as bar:

        def move(count: int, total: int | None) -> None:
            if total is not None and total > _ENOUGH:
                bar.length = total if wish.most is None else min(total, wish.most)
                bar.update(count)

        yield move
