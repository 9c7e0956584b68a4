"""The command ``kardia-ctl``.

Until the command is known, only click and this file are imported: ``--version`` and ``--help`` stay fast.
"""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import StringIO, TextIOWrapper
from typing import Final, NoReturn

import click

from kardia_ctl import __version__

NAME: Final = "kardia-ctl"
"""What the help calls the program, whatever the file is called that was started."""

COMMANDS: Final = {
    "init": ("init.init_command.command", "Start a configuration, with recipes for CI."),
    "validate": ("validate.command", "Check the configuration and report every problem with its line."),
    "import": ("importing.import_command.command", "Write what is live and not declared into files."),
    "plan": ("plan.command", "Show how the live account differs. Changes nothing."),
    "apply": ("apply.command.command", "Make the live account match the configuration."),
    "ci": ("ci.run_job.command", "Validate and plan, or apply, for a job: outputs, annotations, reports."),
    "status": ("status.command", "Count the patients of each cohort by stage, from declared to connected."),
    "diff": (
        "diff.declared_diff.command",
        "Show what two git revisions declare differently. Needs no key and no network.",
    ),
    "show": ("show.command", "Print a saved plan, as text or as JSON."),
    "encrypt": (
        "encrypt.encrypt_files.command",
        "Encrypt files with patients, for people with an age identity.",
    ),
    "codes": ("codes.fetching.command", "Fetch the issued connection codes again."),
    "letters": ("codes.letters.command", "Write a letter with the code for each patient."),
    "get": ("get.lists.command", "Read patients, recordings, documents, logs, teams."),
    "recordings": ("recordings.command", "Record QT measurements."),
    "state": ("state.group.command", "Care for the records of earlier runs."),
    "audit": ("audit.command", "List, verify or export the log of what was applied."),
    "doctor": ("doctor.diagnose.command", "Check configuration, key, account and state, and say what to do."),
    "reveal": ("reveal.command", "Print the mrns that pseudonyms stand for, on your own terminal."),
    "schema": ("setup.schema_command", "Print the JSON Schema that YAML editors read."),
    "login": ("login.login_command", "Get the API key for a login and store it in the keyring."),
    "rotate-key": ("rotate_key.command", "Make a new API key and store it."),
    "logout": ("login.logout_command", "Remove the API key from the keyring."),
    "api": ("api.command", "Send any request with the account's key, region and retries."),
    "sandbox": ("sandbox.serve.command", "Serve an embedded Kardia API, and act as its patients."),
    "completion": ("setup.completion_command", "Print the completion script for a shell."),
    "version": ("version.command", "Print the versions of kardia-ctl, Python and the libraries."),
}
"""Each command: where it is in ``kardia_ctl.cli.commands``, and its line in ``--help``."""


class Commands(click.Group):
    """Loads a command's module when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """The commands, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].rpartition(".")
        command: click.Command = getattr(import_module(f"kardia_ctl.cli.commands.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that a command line names.

        Raises:
            UsageError: there is none; suggests the nearest one. click suggests from version 8.4 on.
        """
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing their modules."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kardia-ctl", message="%(prog)s %(version)s")
def root() -> None:
    """Plan and apply for Kardia accounts.

    Declare patients, callbacks, service providers and connection codes in YAML. `plan` shows how the live
    account differs; `apply` sends the fewest requests that make it match.

    \b
    First steps, without a key or a network:
        kardia-ctl init clinic
        kardia-ctl plan clinic --sandbox
        kardia-ctl apply clinic --sandbox

    \b
    Exit codes: 0 success · 1 error, blocked changes or quarantined rows · 2 changes, 3
    blocked (plan --detailed-exitcode, ci). The API key comes from KARDIA_API_KEY, --api-key-file or
    kardia-ctl login.
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)


_UNIX: Final = ("fcntl", "resource", "termios")
"""Modules of Python that Windows does not have."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    from kardia_ctl.cli.interrupts import install

    words = sys.argv[1:] if arguments is None else arguments
    try:
        install()
        if words and words[0] in COMMANDS:  # --version and --help stay fast: they have no secrets
            from kardia_ctl.cli.process import protect_process

            protect_process()
        code = run(arguments)
    except KeyboardInterrupt:  # before the command began, or when it had ended
        code = _interrupted()
    _leave(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. Reports every error as one line, without a traceback."""
    _naming("begin")
    code = _run(arguments)
    if line := _naming("note"):
        _notify(line)
    return code


def _naming(step: str) -> str:
    """A step of ``naming``; nothing where no command has printed yet, because --version must stay fast."""
    module = sys.modules.get("kardia_ctl.cli.naming")
    return "" if module is None else getattr(module, step)() or ""


def _run(arguments: Sequence[str] | None) -> int:
    # A plan has millions of objects and no cycles: searching for cycles takes a tenth of a no-op plan's time.
    gc.set_threshold(100_000, 50, 100)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the parent process
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  (stays open)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal's encoding must not end an apply
            stream.reconfigure(errors="backslashreplace")
    try:
        code = root.main(
            args=None if arguments is None else list(arguments), prog_name=NAME, standalone_mode=False
        )
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except click.ClickException as error:
        return _report_usage(error)
    except BrokenPipeError:
        # The reader of stdout left. State holds what was done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001  (the last resort: reported below)
        return _report_failure(error)
    return _check_output(code if isinstance(code, int) else 0)


def _interrupted() -> int:
    _notify("Error: interrupted. Nothing more was sent.")
    return 1


def _report_usage(error: click.ClickException) -> int:
    """Report a wrong command line. The message may quote it, so each line is escaped."""
    shown = StringIO()
    error.show(shown)
    _notify(shown.getvalue().rstrip("\n"))
    return 1


def _check_output(code: int) -> int:
    """The exit code: not 0 when output was lost, which is reported."""
    from kardia_ctl.cli.output.console import lost_output

    if reason := lost_output():
        _notify(f"Error: the output could not be written: {reason}")
        return code or 1
    return code


def _leave(code: int) -> NoReturn:
    """Flush the output and end the process at once.

    ``run`` has closed everything that needs closing. Freeing a plan object by object, as ``sys.exit`` does,
    takes a tenth of a no-op plan's time.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None: closed by the parent process
        try:
            stream.flush()
        except (OSError, ValueError):  # its reader left, its disk is full, or it is closed
            code = code or 1
    os._exit(code)


def _notify(text: str) -> None:
    from kardia_ctl.cli.output.console import print_notice

    print_notice(f"{text}\n")


def _report_failure(error: Exception) -> int:
    """Report an error. Only KARDIA_DEBUG shows the traceback, which could hold patients' values."""
    from kardia_ctl.render.problems import failure_text

    if isinstance(error, ImportError) and error.name in _UNIX:
        from kardia_ctl.cli.process import UNSUPPORTED

        _notify(UNSUPPORTED)
        return 1
    _notify(failure_text(error))
    if os.environ.get("KARDIA_DEBUG"):
        from traceback import format_exception

        _notify("".join(format_exception(error)))
    return 1
