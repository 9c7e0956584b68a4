"""Requests sent ÷ the fewest that the API allows, counted by the server's own log."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.pairs import spread
from tests.benchmarks.processes import SCRIPT, run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import Server, sandbox
from tests.benchmarks.table import Row
from tests.benchmarks.workload import Form, adopted, no_op_plan
from tests.paths import CLINIC

NAME = "requests"
_CLINIC = CLINIC
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Desk:
    """The clinic of the examples, in a directory of its own, before a server."""

    server: Server
    path: Path

    def do(self, command: str, *options: str, codes: Sequence[int] = (0,)) -> int:
        """Run a command on the configuration; how many requests the server saw of it."""
        before = len(self.server.requests())
        run([SCRIPT, command, str(self.path), "--endpoint", self.server.url, *options], codes=codes)
        return len(self.server.requests()) - before

    def plan(self, *codes: int) -> int:
        """Plan; the exit code has to be 0, or one of those that are given instead."""
        return self.do("plan", "--detailed-exitcode", codes=codes or (0,))

    def apply(self, *codes: int) -> int:
        """Apply; the exit code has to be 0, or one of those that are given instead."""
        return self.do("apply", "--auto-approve", codes=codes or (0,))

    def edit(self, change: Callable[[str], str]) -> None:
        """Write kardia.yaml anew."""
        file = self.path / "kardia.yaml"
        file.write_text(change(file.read_text()))

    def lose_state(self) -> None:
        """Delete the file that holds the state."""
        for file in (self.path / ".kardia").glob("state.db*"):
            file.unlink()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A step, what it is counted by, the fewest requests for it, and who is live before it."""

    what: str
    count: Callable[[Desk], int]
    fewest: int
    patients: int = 0


def rows(scale: Scale) -> Iterator[Row]:
    """Every scenario once: counting needs no repetition."""
    for scenario in _scenarios(scale):
        with TemporaryDirectory() as directory:
            path = Path(directory, "clinic")
            shutil.copytree(_CLINIC, path, ignore=shutil.ignore_patterns(".kardia"))
            with sandbox(Path(directory, "account"), scenario.patients) as server:
                sent = scenario.count(Desk(server, path))
        what = f"requests of {scenario.what} ÷ {scenario.fewest:,}"
        yield Row(NAME, what, spread([sent / scenario.fewest]), goal=1)


def _scenarios(scale: Scale) -> Iterator[Scenario]:
    yield Scenario("`plan` on an empty account", lambda desk: desk.plan(2), 4)
    yield Scenario("`apply` on an empty account", Desk.apply, 13)
    yield Scenario("`plan` after it", _after(Desk.plan), 3)
    yield Scenario("`apply` after it", _after(Desk.apply), 3)
    yield Scenario("`plan` of `callback` alone", _callback_alone, 1)
    yield Scenario("`plan` of 2 known patients among 1,200", _two_among_many, 2, patients=1200)
    yield Scenario(
        "`plan` after a lastname was edited", _after(lambda desk: desk.plan(3), _edit_a_lastname), 3
    )
    yield Scenario(
        "`apply` after a lastname was edited", _after(lambda desk: desk.apply(1), _edit_a_lastname), 3
    )
    yield Scenario("`plan` after a patient was taken out", _after(Desk.plan, _take_a_patient_out), 4)
    yield Scenario("`apply` after a patient was taken out", _after(Desk.apply, _take_a_patient_out), 4)
    yield Scenario("`plan` after state was lost", _after(lambda desk: desk.plan(2), Desk.lose_state), 4)
    yield Scenario("`apply` after state was lost", _after(Desk.apply, Desk.lose_state), 5)
    for patients in (scale.few, scale.thousands, scale.most):
        what = f"a no-op plan of {patients:,} patients from CSV"
        yield Scenario(what, _no_op, -(-patients // _PAGE), patients)


def _after(
    count: Callable[[Desk], int], happening: Callable[[Desk], None] = lambda _: None
) -> Callable[[Desk], int]:
    """Count a step that follows a clean apply and something that happened since."""

    def counted(desk: Desk) -> int:
        desk.apply()
        happening(desk)
        return count(desk)

    return counted


def _edit_a_lastname(desk: Desk) -> None:
    desk.edit(lambda text: text.replace("Fernquist\n", "Fernquist-Oldham\n", 1))


def _take_a_patient_out(desk: Desk) -> None:
    desk.edit(lambda text: text[: text.index("  - mrn: CL-0001063")])


def _callback_alone(desk: Desk) -> int:
    desk.edit(lambda _: "version: 1\ncallback: {url: https://hooks.example.com/kardia}\n")
    return desk.plan(2)


def _two_among_many(desk: Desk) -> int:
    people = list(desk.server.people())[::700]
    declared = "".join(f"  - {{mrn: {mrn}, dob: {dob}, email: {email}}}\n" for mrn, dob, email, *_ in people)
    desk.edit(lambda _: f"version: 1\npatients:\n{declared}")
    desk.apply()
    return desk.plan()


def _no_op(desk: Desk) -> int:
    file = adopted(desk.server, Form.CSV, desk.path / "everyone")
    before = len(desk.server.requests())
    no_op_plan(desk.server, file.parent)
    return len(desk.server.requests()) - before
