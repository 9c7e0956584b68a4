"""Plans as data: each folder is a rule, its name says which.

kardia.yaml is the declaration, observed.json the live account, state.json the recorded state (absent: none),
options.json the command line's decisions; plan.txt is the plan that must come out. The real code chooses,
sends and counts the reads. ``--update-golden`` rewrites the goldens: read them before you commit them, they
must say what is right, not what the code does.

Every case also renders the JSON document and checks it against its schema and against plan.txt. The few
cases in ``DOCUMENTS`` keep it as a golden, plan.json.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import jsonschema
import msgspec
import pytest

from kardia_ctl.config import load
from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.plan import Action
from kardia_ctl.model.state import State
from kardia_ctl.operations.plan import Preview, observe_and_plan, plan_from_state
from kardia_ctl.planning.apply_stages import creates
from kardia_ctl.planning.inputs import Decisions, inputs_of
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.terraform_json import Stamp
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View
from tests.cases.live import Account, AccountReader
from tests.cases.recorded import Recorded
from tests.documents import document_of
from tests.moments import at
from tests.paths import ROOT

CASES = Path(__file__).parent
NAMES = sorted(path.parent.name for path in CASES.glob("*/kardia.yaml"))
KEY = b"an invented key for fingerprints"
NOW = 1_772_445_600.0
STAMP = Stamp("0.0.0", "2026-03-02T10:00:00Z")
SCHEMA = jsonschema.Draft7Validator(
    json.loads((ROOT / "tests/render/plan/plan.schema.json").read_text(encoding="utf-8"))
)

DOCUMENTS: Final[dict[str, frozenset[str]]] = {
    "pro-participant-is-created-without-a-look": frozenset({"create", "hidden value", "unpriced"}),
    "callback-comes-back": frozenset({"adopt"}),
    "callback-is-forgotten": frozenset({"forget"}),
    "limit-of-updates-and-disconnects": frozenset({"update", "disconnect", "stop"}),
    "departure-among-two-with-one-mrn-takes-the-recorded": frozenset({"delete"}),
    "departure-with-an-export-exports-first": frozenset({"export"}),
    "user-of-a-blocked-patient-is-blocked": frozenset({"blocked", "blocked, live", "blocked, not live"}),
    "drift-does-not-block-a-code": frozenset({"drift", "notice", "no-op", "price"}),
    "row-set-aside-without-an-mrn-forgets-nobody": frozenset({"notice without address"}),
    "pro-limit-keeps-a-code-with-the-user-that-redeems-it": frozenset({"left by --limit"}),
    "plan-says-how-long-its-apply-takes": frozenset({"estimate"}),
    "decision-accept-of-a-moved-mrn-that-kardia-still-has": frozenset({"move", "accepted"}),
}
"""The cases that keep plan.json, and what of the document each is there to show."""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """What a person said; ``key`` is false where the fingerprint key is not at hand."""

    targets: list[str] = []
    cohorts: list[str] = []
    excludes: list[str] = []
    recreate: list[str] = []
    reissue: list[str] = []
    distinct: list[str] = []
    accept_collapse: bool = False
    accept_unknown_team: bool = False
    accept_decisions: bool = False
    limit: int | None = None
    key: bool = True
    refresh: Refresh = Refresh.FULL

    def decisions(self) -> Decisions:
        return Decisions(
            targets=frozenset(map(Address.parse, self.targets)),
            cohorts=frozenset(self.cohorts),
            excludes=frozenset(map(Address.parse, self.excludes)),
            recreate=frozenset(map(Address.parse, self.recreate)),
            reissue=frozenset(map(Address.parse, self.reissue)),
            distinct=frozenset(map(Address.parse, self.distinct)),
            accept_collapse=self.accept_collapse,
            accept_unknown_team=self.accept_unknown_team,
            accept_decisions=self.accept_decisions,
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
        inputs = inputs_of(load(Path(), {}), state, at(NOW), key, options.decisions())
        inputs = replace(inputs, refresh=options.refresh)
        reader = AccountReader(account)
        if options.refresh is Refresh.OFF:
            return plan_from_state(inputs), reader
        return asyncio.run(observe_and_plan(reader, inputs, lambda: len(reader.log))), reader

    return solved


def _bytes(name: str) -> bytes:
    path = Path(name)
    return path.read_bytes() if path.is_file() else b""


@pytest.mark.parametrize("name", NAMES)
def test_a_case_gives_the_plan_that_its_goldens_say(
    name: str, solve: Solve, request: pytest.FixtureRequest
) -> None:
    plan = solve(name)[0].plan
    rendered = {"plan.txt": plan_text(plan, View())}
    if name in DOCUMENTS:
        rendered["plan.json"] = (
            json.dumps(document_of(plan, STAMP, MRNS), indent=1, ensure_ascii=False) + "\n"
        )
    if request.config.getoption("--update-golden", default=False):
        for file, text in rendered.items():
            Path(file).write_text(text, encoding="utf-8")
    for file, text in rendered.items():
        assert text == Path(file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_document_of_a_case_is_valid_and_counts_what_its_text_counts(name: str, solve: Solve) -> None:
    document = document_of(solve(name)[0].plan, STAMP, MRNS)
    SCHEMA.validate(document)
    assert counts_of_document(document) == counts_of_text(Path("plan.txt").read_text(encoding="utf-8"))


COUNTED: Final = {
    "create": r"^Plan: .*?(\d+) to add",
    "changed": r"^Plan: .*?(\d+) to change",
    "destroyed": r"^Plan: .*?(\d+) to destroy",
    "adopt": r"^Plan: (\d+) to import",
    "forget": r"^Plan: .*?(\d+) to forget",
    "move": r"^Plan: .*?(\d+) to move",
    "disconnect": r"^Plan: .*?(\d+) to disconnect",
    "export": r"^Plan: .*?(\d+) to export",
    "blocked": r"^Plan: .*?(\d+) blocked",
    "accepted": r"^Plan: .*?(\d+) accepted as blocked",
    "plan": r"^Requests: (\d+) to plan",
    "apply_reads": r"^Requests: .*?\((\d+) read",
    "apply_writes": r"^Requests: .* (\d+) write",
    "left_by_limit": r"^--limit: .*?(\d+) left",
    "left_out_by_exclude": r"^--exclude: (\d+) address",
}
"""Each count of a document, and where plan.txt has it: a line or a part that is absent counts zero."""


def counts_of_text(text: str) -> dict[str, int]:
    found = {name: re.search(pattern, text, re.MULTILINE) for name, pattern in COUNTED.items()}
    numbers = {name: int(match[1]) if match else 0 for name, match in found.items()}
    return {**numbers, "stops": len(re.findall(r"^Error: ", text, re.MULTILINE))}


def counts_of_document(document: dict[str, Any]) -> dict[str, int]:
    ours = document["kardia_ctl"]
    numbers = {"left_by_limit": 0, "left_out_by_exclude": 0, **ours, **ours["counts"], **ours["requests"]}
    numbers["accepted"] = len(ours.get("accepted", ()))
    numbers["changed"] = numbers["update"] + numbers["export"]
    numbers["destroyed"] = numbers["delete"] + numbers["disconnect"]
    failing = [check for check in document["checks"] if check["status"] == "fail"]
    assert len(failing) == len(ours["blocked"]) == ours["counts"]["blocked"]
    assert len(document["checks"]) == len(failing) + numbers["accepted"]
    return {**{name: numbers[name] for name in COUNTED}, "stops": len(ours["stops"])}


def test_a_document_that_counts_otherwise_than_its_text_is_found() -> None:
    text = (
        "Plan: 1 to add, 2 to change, 3 to destroy. 4 blocked.\n"
        "Requests: 5 to plan; apply sends 3 (2 reads, 1 write).\n"
    )
    counts = counts_of_text(text)
    assert (counts["create"], counts["changed"], counts["destroyed"], counts["blocked"]) == (1, 2, 3, 4)
    assert (counts["plan"], counts["apply_reads"], counts["apply_writes"], counts["adopt"]) == (5, 2, 1, 0)


def test_the_golden_documents_are_few_and_show_everything_that_json_has_a_form_for() -> None:
    documents = {path.parent.name: path for path in CASES.glob("*/plan.json")}
    assert documents.keys() == DOCUMENTS.keys()
    shown = {name: forms(json.loads(path.read_text(encoding="utf-8"))) for name, path in documents.items()}
    for name, promised in DOCUMENTS.items():
        assert promised <= shown[name], name
    assert set().union(*DOCUMENTS.values()) >= {action.value for action in Action}
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in documents.values()) <= 2000


def forms(document: dict[str, Any]) -> set[str]:
    """Which of the forms that the renderer has are in a document."""
    ours = document["kardia_ctl"]
    blocked = {blocked["address"] for blocked in ours["blocked"]}
    sides = {change["address"]: change["change"] for change in document["resource_changes"]}
    found = {name.replace("_", "-") for name, count in ours["counts"].items() if count}
    seen = {
        "hidden value": any(side["after_sensitive"] for side in sides.values()),
        "price": ours["cost"] != 0,
        "unpriced": ours["unpriced"],
        "stop": ours["stops"],
        "blocked, live": any(sides[address]["before"] for address in blocked),
        "blocked, not live": any(not sides[address]["before"] for address in blocked),
        "drift": document["resource_drift"],
        "notice": any(notice["address"] for notice in ours["notices"]),
        "notice without address": any(not notice["address"] for notice in ours["notices"]),
        "left by --limit": "left_by_limit" in ours,
        "estimate": "estimate" in ours,
        "accepted": "accepted" in ours,
    }
    return found | {name for name, is_there in seen.items() if is_there}


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_planned_with_the_reads_that_its_plan_counts(name: str, solve: Solve) -> None:
    seen, reader = solve(name)
    assert seen.plan.requests.spent == len(reader.log)
    plan = seen.plan
    reads = sum(change.reads for change in plan.changes)
    looks = 0 if plan.stops else reads
    if plan.refresh is not Refresh.FULL:
        return  # apply reads everything: tests/cli/commands/test_refresh.py
    if seen.inputs.capabilities.shows_patients and not plan.stops and creates(plan.changes):
        looks += 1  # the look at the end
    sent = len(reader.log) - bool(seen.observed.instead)  # one page of the head, read in vain
    assert plan.requests.reads - looks in (sent, sent + 1)
    writes = sum(change.requests for change in plan.changes) - reads
    assert seen.plan.requests.writes == (0 if seen.plan.stops else writes)


@pytest.mark.parametrize("name", NAMES)
def test_only_a_departure_disconnects_or_deletes(name: str, solve: Solve) -> None:
    seen, _ = solve(name)
    departing = {one.mrn for one in seen.inputs.desired.departures}
    for change in seen.plan.changes:
        if change.action in (Action.DISCONNECT, Action.DELETE):
            assert change.address.names[0] in departing


@pytest.mark.parametrize("name", NAMES)
def test_no_golden_holds_a_birth_date_or_an_email_address(name: str, solve: Solve) -> None:
    seen, _ = solve(name)
    declared, live = seen.inputs.desired.patients.values(), seen.inputs.observed.patients.values()
    values = {value for one in declared for value in (one.dob, one.email) if value}
    values |= {value for other in live for value in (other.dob, other.email) if value}
    document = json.dumps(document_of(seen.plan, STAMP, MRNS), ensure_ascii=False)
    for text in (Path("plan.txt").read_text(encoding="utf-8"), document):
        assert not [value for value in values if value in text]
