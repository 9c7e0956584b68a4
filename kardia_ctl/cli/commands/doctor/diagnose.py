"""``kardia-ctl doctor``."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.account_options import account_from, account_options
from kardia_ctl.cli.commands.doctor import (
    account_checks,
    configured_checks,
    list_checks,
    machine_checks,
    state_checks,
)
from kardia_ctl.cli.commands.doctor.looks import Looks, look_around
from kardia_ctl.cli.commands.doctor.premises import NotToBeHad, Premises, checked
from kardia_ctl.cli.options import FILE, json_option, path_argument
from kardia_ctl.cli.output.console import print_json, print_message, print_result
from kardia_ctl.cli.outputs import Output, check_outputs, starts_with
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.cli.signals import run_async
from kardia_ctl.model.errors import Interrupted, KardiaError, RunStopped
from kardia_ctl.render.findings import REPORT, CheckResult, Grade, findings_json, findings_text, report_json

Check = Callable[[], Iterable[CheckResult]]
_OURS: Final = starts_with(f'{{\n  "{REPORT}": ')


@click.command("doctor")
@path_argument
@json_option("Print the findings as JSON.")
@click.option(
    "--report", type=FILE, metavar="FILE", help="Also write them, for a bug report, to this file (0600)."
)
@account_options
def command(path: Path, as_json: bool, report: Path | None, **options: Any) -> int:
    """Check what surrounds a run, piece by piece, and say what to do where something is not fine.

    Looks at the interpreter, the configuration, the key, the host and its clock, the tenant, the form of the
    answers, callbacks and their deliveries, state, permissions and git. It works when half of that is broken:
    each check alone fails. Sends seven requests at most, all of them safe reads, and changes nothing.

    What Kardia's documents leave open is shown as this account answers it. Nothing that is printed or written
    with --report holds a patient's values. Exit code 0: all that was checked is fine; 1: something is not.
    PATH is a configuration (default: this directory).
    """
    premises = Premises(path, account_from(options))
    if report is not None:
        inputs, private = _not_to_write(premises)
        check_outputs([Output("--report", report, _OURS)], inputs, private)
    looks, refused = _looks(premises)
    findings = [found for name, check in _checks(premises, looks, refused) for found in checked(name, check)]
    if as_json:
        print_json(findings_json(findings, looks.requests), indent=2)
    else:
        print_result(findings_text(findings, looks.requests))
    if report is not None:
        text = json.dumps(report_json(findings, looks.requests), indent=2, ensure_ascii=False)
        write_private(report, f"{text}\n".encode(), _OURS)
        print_message(f"Wrote {report}. Read it before you send it to anybody")
    return 1 if any(found.grade is Grade.WRONG for found in findings) else 0


def _not_to_write(premises: Premises) -> tuple[tuple[Path, ...], Path | None]:
    """The files that a report may not replace, and the directory where none belongs, as far as known."""
    try:
        return premises.workspace.inputs, premises.workspace.private
    except (KardiaError, NotToBeHad):
        return (), None


def _looks(premises: Premises) -> tuple[Looks, str]:
    """What the account answers, and why it was not asked; empty when it was.

    Raises:
        Interrupted: a signal came.
    """
    try:
        return run_async(look_around(premises.keyed)), ""
    except Interrupted:
        raise
    except RunStopped:
        return Looks(), "there is no API key to ask with"
    except NotToBeHad as error:
        return Looks(), str(error)
    except KardiaError as error:
        return Looks(), str(error)


def _checks(premises: Premises, looks: Looks, refused: str) -> Iterator[tuple[str, Check]]:
    """Every check with its name, in the order in which they are printed."""
    yield "interpreter", machine_checks.check_interpreter
    yield "libraries", partial(machine_checks.check_libraries, premises)
    yield "configuration", partial(configured_checks.check_configuration, premises)
    yield "key", partial(configured_checks.check_key, premises)
    yield "host", partial(configured_checks.check_host, premises)
    for name, check in _account_checks(premises, looks):
        yield name, partial(_not_asked, refused) if refused else check
    yield "state", partial(state_checks.check_state, premises)
    yield "run", partial(state_checks.check_run, premises)
    yield "state key", partial(state_checks.check_state_key, premises)
    yield "last run", partial(state_checks.check_last_apply, premises)
    yield "files", partial(machine_checks.check_files, premises)
    yield "git", partial(configured_checks.check_git, premises)


def _account_checks(premises: Premises, looks: Looks) -> Iterator[tuple[str, Check]]:
    """The checks of the account's answers; of pro's one answer, fewer."""
    yield "answers", partial(account_checks.check_answers, looks)
    yield "TLS", partial(account_checks.check_tls, looks, premises)
    yield "clock", partial(account_checks.check_clock, looks)
    if "templates" in looks.found or not looks.found:
        yield "tenant", partial(account_checks.check_tenant, looks, premises)
        yield "templates", partial(account_checks.check_templates, looks, premises)
        yield "list", partial(list_checks.check_list, looks)
        yield "cursor", partial(list_checks.check_cursor, looks)
        yield "count", partial(list_checks.check_count, looks)
    yield "callback", partial(account_checks.check_callback, "callback", looks, premises)
    if "templates" in looks.found or not looks.found:
        yield "qt callback", partial(account_checks.check_callback, "qt callback", looks, premises)
        yield "deliveries", partial(account_checks.check_deliveries, looks)


def _not_asked(reason: str) -> Iterable[CheckResult]:
    raise NotToBeHad(reason)
