"""Kind 3, on: what a plan says that codes cost, and what may stand beside a saved plan."""

import shutil
from pathlib import Path

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.state import Intend, Intent
from kardia_ctl.model.template import LiveTemplate, Template
from kardia_ctl.planning import templates
from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.state.open import open_store
from kardia_ctl.timing import system_instant
from tests.attacks.elsewhere import TEMPLATES
from tests.attacks.meddling import CREATE, DELETE, LEAVES, STAYS, Once, enrolled, leaving, meddled
from tests.attacks.people.test_01_departures import NEW
from tests.attacks.people.test_04_last_look import asked
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, Ran, account, desk

__all__ = ["account", "desk"]  # fixtures

CODE = "GET /v1/patients/{id}/code"
HOOK = "callback: {url: https://hooks.example.com/kardia}\n"
ORDERS = STAYS.replace("firstname: Bea", "firstname: Bea, codes: [year]")


def priced(price: object, name: str = "One year") -> dict[str, object]:
    return {"teamID": TEAM_ID, "templateName": name, "templateId": "tpl-1", "duration": 365, "price": price}


NO_PRICES = {
    "the cheaper one last": [priced(500), priced(1)],
    "the cheaper one first": [priced(1), priced(500)],
    "one without a price": [priced(None), priced(1)],
    "three": [priced(1), priced(1), priced(2)],
    "under another name": [priced(500, "One year (old)"), priced(1)],
    "below nothing": [priced(-5)],
    "other digits": [priced("١٢")],
    "marks between digits": [priced("1_0")],
    "a comma": [priced("5,00")],
    "a currency": [priced("$5")],
    "true": [priced(True)],
    "no number": [priced("NaN")],
    "without end": [priced("Infinity")],
}


def ordering(desk: Desk, name: str, command: str = "apply") -> Ran:
    """A code is to be ordered that may cost 100 at most; by id, or by name where two may have it."""
    desk.write(f"version: 1\ntemplates: {{year: tpl-1}}\nlimits: {{cost: 100}}\npatients:\n{ORDERS}")
    with meddled(desk, Once("GET", TEMPLATES, 200, NO_PRICES[name], times=9)):
        return desk.apply() if command == "apply" else desk.run(command, str(desk.path))


@pytest.mark.parametrize("name", NO_PRICES)
def test_a_price_that_is_not_certain_is_no_price(desk: Desk, name: str) -> None:
    ran = ordering(desk, name)
    assert (ran.code, CREATE in ran.requests, CODE in ran.requests) == (1, False, False)
    assert "no price is known" in ran.out
    assert "codes without a known price: 1" in ran.out


def test_one_template_that_is_listed_twice_has_its_price(desk: Desk) -> None:
    desk.write(f"version: 1\ntemplates: {{year: {{name: One year}}}}\npatients:\n{ORDERS}")
    with meddled(desk, Once("GET", TEMPLATES, 200, [priced(9.99), priced("9.99")], times=9)):
        assert "Codes: 1, 9.99" in desk.plan().out


def test_with_the_last_of_two_prices_the_limit_is_passed_unseen(desk: Desk) -> None:
    def last(declared: object, live: tuple[LiveTemplate, ...] | None) -> Template:
        shown = live[-1] if live else LiveTemplate("tpl-1", "One year")
        return Template("year", shown.id, shown.name, 365, templates._price(shown.price))

    with removed(templates, "_resolve", last):
        assert CODE in ordering(desk, "the cheaper one last").requests


def waiting(desk: Desk) -> None:
    """NW-1 was sent, got no answer, and has all its window left."""
    enrolled(desk)
    desk.write(f"version: 1\npatients:\n{LEAVES}{STAYS}{NEW}")
    now = system_instant()
    store = open_store("sqlite:///.kardia/state.db", desk.path, "default")
    with store.lock("test"):
        store.commit([Intend(Intent(patient_address("NW-1"), "create", now, now, window=600))])


@pytest.mark.parametrize("flag", ["--assume-absent", "--assume-created"])
def test_who_assumes_beside_a_saved_plan_changes_nothing(desk: Desk, tmp_path: Path, flag: str) -> None:
    """It would make the plan stale, so that the run is refused: then it must not be recorded before."""
    waiting(desk)
    file = tmp_path / "plan"
    desk.plan("--out", str(file))
    ran = desk.run("apply", str(file), flag, "patient/NW-1")
    assert (ran.code, ran.requests, f"{flag} changes state" in ran.err) == (1, [], True)
    assert open_store("sqlite:///.kardia/state.db", desk.path, "default").load().intents


@pytest.mark.parametrize(
    "flags",
    [
        ("--limit", "1"),
        ("--target", "patient/ST-1"),
        ("--recreate", "patient/ST-1"),
        ("--accept-collapse",),
        ("--accept-unknown-team",),
    ],
)
def test_what_decides_belongs_to_the_plan(desk: Desk, tmp_path: Path, flags: tuple[str, ...]) -> None:
    desk.write(f"version: 1\npatients:\n{STAYS}")
    file = tmp_path / "plan"
    desk.plan("--out", str(file))
    ran = desk.run("apply", str(file), *flags)
    assert (ran.code, ran.requests) == (1, [])


@pytest.mark.parametrize("place", ["head", "seal", "body", "end", "key"])
def test_an_altered_plan_is_refused(desk: Desk, tmp_path: Path, place: str) -> None:
    desk.write(f"version: 1\n{HOOK}")
    file = tmp_path / "plan"
    desk.plan("--out", str(file))
    text = file.read_text()
    seal = text.partition("\n")[0].rpartition(" ")[2]
    altered = {
        "head": text.replace(" api-key ", " workspace ", 1),
        "seal": text.replace(seal, seal[::-1], 1),
        "body": text.replace('"update"', '"create"', 1).replace('"create"', '"delete"', 1),
        "end": text + "\n",
        "key": text.replace(seal, seal.upper(), 1),
    }[place]
    assert altered != text
    file.write_text(altered)
    ran = desk.run("apply", str(file))
    assert (ran.code, ran.requests) == (1, [])


@pytest.mark.parametrize("change", ["endpoint", "workspace", "directory", "file beside it"])
def test_a_plan_is_bound_to_where_it_was_made(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    enrolled(desk)
    desk.write("version: 1\n", "more.yaml")
    desk.write(f"version: 1\ninclude: [more.yaml]\npatients:\n{LEAVES}{STAYS}{NEW}")
    file = tmp_path / "plan"
    desk.plan("--out", str(file))
    match change:
        case "endpoint":
            monkeypatch.setenv("KARDIA_ENDPOINT", "http://127.0.0.1:9")
        case "workspace":
            desk.edit(lambda text: text.replace("version: 1\n", "version: 1\nworkspace: other\n"))
        case "directory":
            shutil.move(desk.path, tmp_path / "moved")
            shutil.copytree(tmp_path / "moved", desk.path, ignore=shutil.ignore_patterns(".kardia"))
        case _:
            (desk.path / "more.yaml").write_text("version: 1\n# another line\n")
    ran = desk.run("apply", str(file))
    assert (ran.code, CREATE in ran.requests) == (1, False)


def test_a_callback_that_changes_while_the_question_stands_is_not_overwritten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody sets another one in the portal: what was approved is to replace the earlier one."""
    desk.write(f"version: 1\n{HOOK}")
    shown = [
        Once("GET", "/v1/callback", 200, {"url": f"https://{name}.example.com/x"}) for name in ("a", "b")
    ]
    with meddled(desk, *shown):
        ran = asked(desk, monkeypatch, 61)
    assert (ran.code, "PUT /v1/callback" in ran.requests, "callback" in ran.err) == (1, False, True)


def test_a_callback_as_declared_that_changes_while_the_question_stands_is_not_set(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(f"version: 1\n{HOOK}patients:\n{STAYS}")
    before = Once("GET", "/v1/callback", 200, {"url": "https://hooks.example.com/kardia"})
    with meddled(desk, before):
        ran = asked(desk, monkeypatch, 61)
    assert (ran.code, "PUT /v1/callback" in ran.requests, CREATE in ran.requests) == (1, False, False)


def test_two_departures_are_not_more_than_the_limit_of_one(desk: Desk) -> None:
    desk.write(f"version: 1\npatients:\n{LEAVES}{STAYS}")
    assert desk.apply().code == 0
    second = "  - {mrn: ST-1, action: delete, reason: moved}\n"
    desk.write(leaving().replace(f"patients:\n{STAYS}", "limits: {delete: 1}\n") + second)
    ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    ran = desk.apply("--limit", "1")
    assert (ran.code, ran.requests.count(DELETE)) == (0, 1)
