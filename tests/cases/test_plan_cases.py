"""Plans as data: each folder is a rule, its name says which.

kardia.yaml is what is declared, observed.json what is live, state.json what is recorded (none without it) and
options.json what was said on the command line; plan.txt and plan.json are what must come out. The reads are
chosen, sent and counted by the real code. ``--update-golden`` rewrites the goldens: read them before you
commit them, they must say what is right, not what the code does.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from kardia_ctl.config import load
from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Action
from kardia_ctl.model.state import State
from kardia_ctl.operations.plan import Ground, Preview, preview
from kardia_ctl.planning.inputs import Decisions
from kardia_ctl.render.plan.terraform_json import Stamp, plan_json
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View
from tests.cases.live import Account, AccountReader
from tests.cases.recorded import Recorded

CASES = Path(__file__).parent
NAMES = sorted(path.parent.name for path in CASES.glob("*/kardia.yaml"))
KEY = b"an invented key for fingerprints"
NOW = 1_772_445_600.0
STAMP = Stamp("0.0.0", "2026-03-02T10:00:00Z")


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """What a person said; ``key`` is false where the fingerprint key is not at hand."""

    targets: list[str] = []
    recreate: list[str] = []
    reissue: list[str] = []
    distinct: list[str] = []
    accept_collapse: bool = False
    limit: int | None = None
    key: bool = True

    def decisions(self) -> Decisions:
        return Decisions(
            targets=frozenset(map(Address.parse, self.targets)),
            recreate=frozenset(map(Address.parse, self.recreate)),
            reissue=frozenset(map(Address.parse, self.reissue)),
            distinct=frozenset(map(Address.parse, self.distinct)),
            accept_collapse=self.accept_collapse,
            limit=self.limit,
        )


Solve = Callable[[str], tuple[Preview, AccountReader]]


@pytest.fixture
def solve(monkeypatch: pytest.MonkeyPatch) -> Solve:
    """Plan a case by its name; places are named as seen from its folder."""

    def solved(name: str) -> tuple[Preview, AccountReader]:
        monkeypatch.chdir(CASES / name)
        options = msgspec.json.decode(_bytes("options.json") or b"{}", type=Options)
        account = msgspec.json.decode(_bytes("observed.json"), type=Account)
        recorded = _bytes("state.json")
        state = msgspec.json.decode(recorded, type=Recorded).state(NOW, KEY) if recorded else State()
        key = KEY if options.key else b""
        ground = Ground(load(Path(), {}), state, NOW, key, options.decisions())
        reader = AccountReader(account)
        return asyncio.run(preview(reader, ground, lambda: len(reader.log))), reader

    return solved


def _bytes(name: str) -> bytes:
    path = Path(name)
    return path.read_bytes() if path.is_file() else b""


@pytest.mark.parametrize("name", NAMES)
def test_a_case_gives_the_plan_that_its_goldens_say(
    name: str, solve: Solve, request: pytest.FixtureRequest
) -> None:
    plan = solve(name)[0].plan
    text = plan_text(plan, View())
    document = json.dumps(plan_json(plan, STAMP), indent=1, ensure_ascii=False) + "\n"
    if request.config.getoption("--update-golden", default=False):
        Path("plan.txt").write_text(text, encoding="utf-8")
        Path("plan.json").write_text(document, encoding="utf-8")
    assert text == Path("plan.txt").read_text(encoding="utf-8")
    assert document == Path("plan.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_planned_with_the_reads_that_its_plan_counts(name: str, solve: Solve) -> None:
    seen, reader = solve(name)
    assert seen.plan.requests.spent == len(reader.log)
    assert seen.plan.requests.reads in (len(reader.log), len(reader.log) + 1)
    writes = sum(change.requests for change in seen.plan.changes)
    assert seen.plan.requests.writes == (0 if seen.plan.stops else writes)


@pytest.mark.parametrize("name", NAMES)
def test_only_a_departure_disconnects_or_deletes(name: str, solve: Solve) -> None:
    seen, _ = solve(name)
    departing = {one.mrn for one in seen.question.desired.departures}
    for change in seen.plan.changes:
        if change.action in (Action.DISCONNECT, Action.DELETE):
            assert change.address.names[0] in departing


@pytest.mark.parametrize("name", NAMES)
def test_no_golden_holds_a_birth_date_or_an_email_address(name: str, solve: Solve) -> None:
    seen, _ = solve(name)
    declared, live = seen.question.desired.patients.values(), seen.question.observed.patients.values()
    values = {value for one in declared for value in (one.dob, one.email) if value}
    values |= {value for other in live for value in (other.dob, other.email) if value}
    for golden in ("plan.txt", "plan.json"):
        text = Path(golden).read_text(encoding="utf-8")
        assert not [value for value in values if value in text]
