"""What apply tells when it is over, however it ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from kardia_ctl.cli.commands.apply.arguments import Run
from kardia_ctl.cli.files.code_file import CodeFile
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.results import Report
from kardia_ctl.render.apply.report import troubles_text
from kardia_ctl.render.files.run_files import ResultsFormat, results_file
from kardia_ctl.render.text import count_of


def tell(run: Run, codes: CodeFile, done: Report, *, acted: bool) -> None:
    """Keep the results, then tell the report and what went wrong.

    That the results cannot be kept hides nothing of it, nor does a reader who is gone lose them.

    Raises:
        RunStopped: the results file cannot be written.
    """
    lost = _keep(run, done)
    if codes.count and run.codes_out is None:
        were = "was" if codes.count == 1 else "were"
        click.echo(
            f"{count_of(codes.count, 'code')} {were} issued; kardia-ctl codes writes them out", err=True
        )
    if acted:
        run.reporter.report(done)
    click.echo(troubles_text(done, run.view), nl=False, err=True)
    if codes.trouble:
        print_message(codes.trouble)
    if lost is not None:
        raise lost


def _keep(run: Run, done: Report) -> RunStopped | None:
    """Write the results file; why that cannot be done."""
    if run.results is not None:
        try:
            write_private(run.results, results_file(done, ResultsFormat.of(run.results.name)).encode())
        except RunStopped as error:
            return error
    return None


@contextmanager
def told(run: Run, codes: CodeFile, so_far: Callable[[], Report]) -> Iterator[None]:
    """When the block breaks off, tell how far it came before the error itself is told."""
    try:
        yield
    except Exception:
        try:
            tell(run, codes, so_far(), acted=True)
        except RunStopped as error:
            print_message(f"Error: {error}")
        raise
