"""``python -m tests.soak [--creates N] [--kills K] [--seeds A,B,C] [--endpoint URL --api-key KEY]``."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from signal import SIGTERM, signal
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

from kardia_ctl.api.endpoints import is_loopback
from kardia_ctl.sandbox.data.invented import API_KEY
from tests.benchmarks.machine import this_machine
from tests.soak.harness import Scale, Setting, Verdict, soak
from tests.soak.results import conditions, markdown
from tests.soak.server import Server
from tests.state.engines import ENGINES

CREATES: Final = 5000
KILLS: Final = 200
SEEDS: Final = (1, 2, 3)
DIRECTORY: Final = "directory"
"""The state in its usual place."""
_WAVE: Final = 1000
"""Creates of one wave: in each there are kills while it is sent, and kills while its doubts settle."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Apply under faults and SIGKILLs until everything is there; 1 when anything is twice, lost or amiss.

    A whole run at full size against the sandbox writes tests/soak/results.md.
    """
    options = _options(arguments)
    signal(SIGTERM, lambda *_: sys.exit("stopped"))  # the server and the run under way stop too
    scale = Scale(options.creates, options.kills, options.settle, waves=-(-options.creates // _WAVE))
    elsewhere = Server(options.endpoint, options.api_key) if options.endpoint else None
    machine = this_machine()
    verdicts = [
        verdict
        for name in options.states
        for anew in ((False, True) if options.anew and name != DIRECTORY else (False,))
        for verdict in _soaked(options.seeds, scale, elsewhere, name, anew=anew)
    ]
    server = "another one, on loopback" if elsewhere else conditions(scale.rates, scale.settle)
    table = markdown(verdicts, server, machine)
    print(table)  # noqa: T201 - a command's result
    if (options.creates, options.kills, elsewhere) == (CREATES, KILLS, None):
        name = "results.md" if options.states == [DIRECTORY] else "results-engines.md"
        (Path(__file__).parent / name).write_text(table, encoding="utf-8")
    return int(not all(verdict.right for verdict in verdicts))


def _soaked(
    seeds: Sequence[int], scale: Scale, elsewhere: Server | None, state: str, *, anew: bool
) -> Iterator[Verdict]:
    with ExitStack() as stack:
        engine = None if state == DIRECTORY else stack.enter_context(ENGINES[state]())
        for seed in seeds:
            with TemporaryDirectory() as directory:
                progress = partial(_print_progress, seed)
                setting = Setting(engine, anew)
                yield soak(
                    seed, scale, Path(directory), elsewhere=elsewhere, setting=setting, progress=progress
                )


def _print_progress(seed: int, line: str) -> None:
    print(f"seed {seed}: {line}", file=sys.stderr, flush=True)  # noqa: T201 - progress


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=main.__doc__)
    parser.add_argument("--creates", type=int, default=CREATES, metavar="N")
    parser.add_argument("--kills", type=int, default=KILLS, metavar="K", help="SIGKILLs, about")
    parser.add_argument("--seeds", type=_seeds, default=SEEDS, metavar="A,B,C")
    parser.add_argument(
        "--settle", type=int, default=3, metavar="SECONDS", help="more than a create may still take to appear"
    )
    parser.add_argument(
        "--states",
        type=lambda text: text.split(","),
        default=[DIRECTORY],
        metavar="A,B",
        help=f"where the state is: {', '.join(ENGINES)} or {DIRECTORY}, in the configuration's directory",
    )
    parser.add_argument("--anew", action="store_true", help="also with a new directory for each run")
    parser.add_argument("--endpoint", type=_loopback, metavar="URL", help="another server, on loopback")
    parser.add_argument("--api-key", default=API_KEY, metavar="KEY", help="the key of that server")
    return parser.parse_args(arguments)


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _loopback(url: str) -> str:
    """Thousands of invented patients belong into no account of anybody."""
    if not is_loopback(urlsplit(url).hostname or ""):
        raise argparse.ArgumentTypeError("name a server on loopback: a soak fills it with invented patients")
    return url


if __name__ == "__main__":
    sys.exit(main())
