"""Two applies that start at one moment: ``python -m tests.soak.races [--races N] [--states A,B]``.

Each is a process of its own, in a directory of its own, with one shared state. One gets the lock; the other
is told who has it, since when and from where, or begins once the first is through. Nothing exists twice.
"""

import argparse
import re
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.sandbox.data.invented import TEMPLATES
from tests.soak.client import Client, Ending
from tests.soak.population import Population, declare, population
from tests.soak.server import FaultRates, Server, sandbox
from tests.soak.truth import Truth, account_truth
from tests.state.engines import ENGINES, Engine, fresh

ROWS: Final = 6
"""New patients of each race."""
CALM: Final = FaultRates(0, 0, 0, 0, 0, 0, latency=0.03)
"""A server without faults, slow enough for both to be under way at once."""
_TOLD: Final = re.compile(r"is locked: apply by (\S+@\S+) \(process (\d+)[^)]*\) since (\S+)")


@dataclass(slots=True)
class Outcome:
    """What became of some races.

    Attributes:
        refused: How many losers were told who holds the lock.
        waited: How many began once the other was through.
        wrong: Everything that should not have happened, in words.
        truth: The account afterwards.
    """

    races: int = 0
    refused: int = 0
    waited: int = 0
    wrong: list[str] = field(default_factory=list)
    truth: Truth | None = None


def race(engine: Engine, races: int, directory: Path, rows: int = ROWS) -> Outcome:
    """Run so many races on one state and one account; each declares ``rows`` patients more."""
    everyone = population(races * rows, 1, prefix="RACE", template=TEMPLATES[0].id)
    outcome = Outcome()
    with sandbox(directory / "account", CALM, seed=1) as server:
        client = _client(engine, directory, server)
        for number in range(1, races + 1):
            _race(client, everyone, number * rows, outcome)
        outcome.truth = account_truth(server, everyone)
    return outcome


def _client(engine: Engine, directory: Path, server: Server) -> Client:
    return Client(directory / "clinic", server, place=fresh(engine, directory / "state"), anew=True)


def _race(client: Client, everyone: Population, count: int, outcome: Outcome) -> None:
    state = client.place.url if client.place else ""
    declare(everyone, client.directory, count, settle=1, state=state)
    with (
        client.started("apply", "--auto-approve", name="left") as left,
        client.started("apply", "--auto-approve", name="right") as right,
    ):
        endings = {left.pid: left.ending(), right.pid: right.ending()}
    outcome.races += 1
    _judge(endings, outcome)


def _judge(endings: dict[int, Ending], outcome: Outcome) -> None:
    lost = {pid: ending for pid, ending in endings.items() if ending.code != 0}
    if not lost:
        outcome.waited += 1
        return
    ((pid, ending),) = lost.items() if len(lost) == 1 else [(0, Ending(1, "", "both failed"))]
    told = _TOLD.search(ending.err)
    holders = {str(other) for other in endings if other != pid}
    if told and told[2] in holders and told[1].endswith(f"@{socket.gethostname()}"):
        outcome.refused += 1
    else:
        errors = [one.err.strip()[-300:] for one in endings.values()]
        outcome.wrong.append(f"race {outcome.races}: {' | '.join(errors)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Race on each engine; 1 when anything is twice, missing or amiss."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.races", description=main.__doc__)
    parser.add_argument("--races", type=int, default=200, metavar="N")
    parser.add_argument("--states", type=lambda text: text.split(","), default=list(ENGINES), metavar="A,B")
    options = parser.parse_args(arguments)
    right = True
    for name in options.states:
        with ExitStack() as stack:
            engine = stack.enter_context(ENGINES[name]())
            outcome = race(engine, options.races, Path(stack.enter_context(TemporaryDirectory())))
        right = right and not outcome.wrong and bool(outcome.truth and outcome.truth.right)
        print(f"{name}: {replace(outcome, wrong=[])}")  # noqa: T201 - a command's result
        print("\n".join(outcome.wrong))  # noqa: T201
    return int(not right)


if __name__ == "__main__":
    sys.exit(main())
