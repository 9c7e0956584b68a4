"""The end of an apply: results file and report, also when the run is interrupted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kardia_ctl.cli.commands.apply.arguments import ApplyArguments
from kardia_ctl.cli.files.code_file import CodeFile, codes_output
from kardia_ctl.cli.output.console import print_message, print_notice
from kardia_ctl.cli.outputs import Output, check_outputs, is_table
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.results import Report
from kardia_ctl.render.apply.report import unfinished_text
from kardia_ctl.render.files.run_files import RESULT_COLUMNS, ResultsFormat, results_file
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.text import count_of

RESULTS: Final = is_table(RESULT_COLUMNS)
"""An existing file of results may be replaced by new ones."""


def check_files(arguments: ApplyArguments, path: Path) -> None:
    """Refuse output files that would overwrite something else, before anything is sent.

    Raises:
        RunStopped: see ``check_outputs``; or the file of codes holds something else.
    """
    outputs = []
    if arguments.codes_out is not None:
        outputs.append(codes_output(arguments.codes_out))
    if arguments.results is not None:
        outputs.append(Output("--results", arguments.results, RESULTS))
    workspace = arguments.workspace
    check_outputs(outputs, (path, *workspace.inputs), workspace.private)


def print_end(arguments: ApplyArguments, codes: CodeFile, done: Report, *, acted: bool) -> None:
    """Write the results file, then print the report and what is not done.

    A failing results file or a closed pipe never hides the report.

    Raises:
        RunStopped: the results file cannot be written.
    """
    failure = _write_results(arguments, done)
    if codes.count and arguments.codes_out is None:
        were = "was" if codes.count == 1 else "were"
        print_message(
            f"{count_of(codes.count, 'code')} {were} issued; kardia-ctl codes writes them to a file"
        )
    if acted:
        arguments.reporter.report(done)
        arguments.reporter.warn(arguments.second.warning)
    print_notice(unfinished_text(done, arguments.view))
    if codes.error:
        print_message(codes.error)
    if failure is not None:
        raise failure


def _write_results(arguments: ApplyArguments, done: Report) -> RunStopped | None:
    """Write the results file. Returns the error, to be raised after the report; None for success."""
    if arguments.results is not None:
        try:
            write_private(
                arguments.results,
                results_file(done, ResultsFormat.of(arguments.results.name), MRNS).encode(),
                RESULTS,
            )
        except RunStopped as error:
            return error
    return None


@contextmanager
def end_printed_on_error(
    arguments: ApplyArguments, codes: CodeFile, so_far: Callable[[], Report]
) -> Iterator[None]:
    """When the block raises, print the end of the apply, before the caller prints the error."""
    try:
        yield
    except Exception:
        try:
            print_end(arguments, codes, so_far(), acted=True)
        except RunStopped as error:
            print_message(f"Error: {error}")
        raise
