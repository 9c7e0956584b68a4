"""9. Doubt lies in the account, not in a name: workspaces, moved mrns, moved directories, lost keys."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.state import Intent
from kardia_ctl.planning import settle_window
from kardia_ctl.planning.doubts import Doubts
from kardia_ctl.state.open import open_store
from kardia_ctl.state.tables import stored_state
from kardia_ctl.state.tables.intents import read_intents
from tests.attacks.lost_create import ANNA, lengthen, lose
from tests.attacks.odd_account import Person
from tests.attacks.safeguards import removed

CORRECTED = "A-2|1980-02-03|anna@example.com|Anna|Quirildra"
NAMELESS = "A-1|1980-02-03|anna@example.com"
NAMELESS_CORRECTED = "A-2|1980-02-03|Anna@example.com"
BERT = "B-2|1991-04-05|bert@example.com|Bert|Zorbavix"


def rename_workspace(person: Person) -> None:
    person.declare(ANNA, more="settle: 0s\nworkspace: renamed")


def correct_the_mrn(person: Person) -> None:
    person.declare(CORRECTED)


def correct_the_mrn_of_nobody_named(person: Person) -> None:
    person.declare(NAMELESS_CORRECTED)


def correct_both(person: Person) -> None:
    person.declare(CORRECTED, more="settle: 0s\nworkspace: renamed")


def lose_the_key(person: Person) -> None:
    (person.path / ".kardia" / "key").unlink()
    person.declare(CORRECTED)


def change_the_key(person: Person) -> None:
    os.environ["KARDIA_STATE_KEY"] = "another-invented-key-of-32-bytes!"
    person.declare(CORRECTED)


def another_workspace_with_a_key_of_its_own(person: Person) -> None:
    (person.path / ".kardia" / "key").unlink()
    person.declare(BERT, more="settle: 0s\nworkspace: other")


def move_the_directory(person: Person) -> None:
    moved = person.path.with_name("moved")
    shutil.move(person.path, moved)
    person.path = moved
    person.declare(ANNA)


def take_out_and_back(person: Person) -> None:
    person.declare(BERT)
    assert person.apply().code == 0
    person.declare(ANNA, BERT)


def lower_the_window(person: Person) -> None:
    person.declare(ANNA, more="settle: 0s")


AFTERWARDS = [
    rename_workspace,
    correct_the_mrn,
    correct_both,
    another_workspace_with_a_key_of_its_own,
    move_the_directory,
    take_out_and_back,
    lower_the_window,
]


@pytest.fixture(autouse=True)
def no_key_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_STATE_KEY", "")
    monkeypatch.delenv("KARDIA_STATE_KEY")


def nothing_is_sent_while_it_may_appear(
    person: Person, afterwards: Callable[[Person], None], lost: str = ANNA
) -> None:
    lose(person, lost)
    afterwards(person)
    planned = person.run("plan")
    assert "Apply waits for at most" in planned.text
    assert "Plan: 0 to add" in planned.text


@pytest.mark.parametrize("afterwards", AFTERWARDS)
def test_a_create_waits_for_the_doubt(person: Person, afterwards: Callable[[Person], None]) -> None:
    nothing_is_sent_while_it_may_appear(person, afterwards)


@pytest.mark.parametrize("afterwards", [lose_the_key, change_the_key])
def test_another_key_is_put_back_before_anything_is_sent(
    person: Person, afterwards: Callable[[Person], None]
) -> None:
    lose(person, ANNA)
    afterwards(person)
    applied = person.apply()
    assert (applied.code, applied.log) == (1, [])
    assert "put that key back" in applied.text


def test_a_person_without_a_name_is_known_by_the_address(person: Person) -> None:
    nothing_is_sent_while_it_may_appear(person, correct_the_mrn_of_nobody_named, NAMELESS)


@pytest.mark.parametrize("afterwards", [correct_the_mrn, correct_both])
def test_without_the_doubts_of_others_a_person_is_created_twice(
    person: Person, afterwards: Callable[[Person], None]
) -> None:
    with removed(Doubts, "about", lambda *_: ()), pytest.raises(AssertionError):
        nothing_is_sent_while_it_may_appear(person, afterwards)


def test_without_the_other_workspaces_a_renamed_one_sends_again(person: Person) -> None:
    def own_alone(connection: object, name: str) -> dict[object, Intent]:
        found = read_intents(connection, name)  # type: ignore[arg-type]  # as it is called
        return {address: intent for address, intent in found.items() if not intent.workspace}

    with removed(stored_state, "read_intents", own_alone), pytest.raises(AssertionError):
        nothing_is_sent_while_it_may_appear(person, rename_workspace)


def test_without_the_intents_own_window_a_lower_one_sends_again(person: Person) -> None:
    def configured_alone(intent: Intent, settle: float, now: Instant) -> float:
        return settle_window.seconds_left(replace(intent, window=0.0), settle, now)

    from kardia_ctl.planning import doubts, matching

    with (
        removed(doubts, "seconds_left", configured_alone),
        removed(matching, "seconds_left", configured_alone),
        pytest.raises(AssertionError),
    ):
        nothing_is_sent_while_it_may_appear(person, lower_the_window)


@pytest.mark.parametrize("afterwards", [rename_workspace, correct_the_mrn, correct_both])
def test_after_the_window_a_proven_scan_decides(person: Person, afterwards: Callable[[Person], None]) -> None:
    lose(person, ANNA)
    lengthen(person, 0.0)
    afterwards(person)
    done = person.apply()
    assert (done.code, done.creates) == (0, 1)


def test_a_doubt_that_is_settled_elsewhere_is_resolved_there(person: Person) -> None:
    lose(person, ANNA)
    lengthen(person, 0.0)
    rename_workspace(person)
    assert person.apply().code == 0
    assert open_store("sqlite:///.kardia/state.db", person.path, "default").load().intents == {}


def a_lagging_list_hides_nobody_of_another_workspace(person: Person) -> None:
    person.declare(ANNA)
    assert person.apply().code == 0
    rename_workspace(person)
    person.account.lists = lambda _: None
    done = person.apply()
    assert (done.code, done.creates) == (0, 0)


def test_whom_another_workspace_records_is_read_by_id(person: Person) -> None:
    a_lagging_list_hides_nobody_of_another_workspace(person)


def test_without_its_records_a_lagging_list_makes_two(person: Person) -> None:
    with removed(stored_state, "recorded_elsewhere", lambda *_: {}), pytest.raises(AssertionError):
        a_lagging_list_hides_nobody_of_another_workspace(person)


def test_whom_another_workspace_records_and_who_is_gone_was_deleted_elsewhere(person: Person) -> None:
    person.declare(ANNA)
    assert person.apply().code == 0
    rename_workspace(person)
    person.account.patients.clear()
    gone = person.apply()
    assert (gone.code, gone.creates) == (1, 0)
    assert "--recreate 'patient/A-1'" in gone.text
    assert person.apply("--recreate", "patient/A-1").creates == 1


def test_a_stranger_to_the_doubt_does_not_wait(person: Person) -> None:
    lose(person, ANNA)
    person.declare(BERT)
    done = person.apply()
    assert (done.code, done.creates) == (0, 1)


@pytest.mark.parametrize("way", ["--distinct", "--assume-absent"])
def test_a_person_can_end_the_wait(person: Person, way: str) -> None:
    lose(person, ANNA)
    correct_the_mrn(person)
    address = patient_address("A-2" if way == "--distinct" else "A-1")
    done = person.apply(way, str(address))
    assert (done.code, done.creates) == (0, 1)


def test_the_doubt_of_another_workspace_can_be_assumed_absent(person: Person) -> None:
    lose(person, ANNA)
    rename_workspace(person)
    assert (person.apply("--assume-absent", "patient/A-1").creates) == 1


def a_doubt_is_not_forgotten(person: Person) -> None:
    lose(person, ANNA)
    refused = person.forget("patient/A-1")
    assert refused.code == 1
    assert "patient/A-1 is in doubt: its request may take effect until 2" in refused.text
    assert "Apply waits for at most" in person.run("plan").text


def test_forgetting_is_refused_until_the_window_has_passed(person: Person) -> None:
    a_doubt_is_not_forgotten(person)
    lengthen(person, 0.0)
    assert person.forget("patient/A-1").code == 0
    assert person.apply().creates == 1


def test_without_the_refusal_it_is_forgotten(person: Person) -> None:
    from kardia_ctl.operations import assume

    with removed(assume, "_check_decidable", lambda *_: None), pytest.raises(AssertionError):
        a_doubt_is_not_forgotten(person)


def test_state_list_names_the_workspace_of_a_doubt(person: Person) -> None:
    lose(person, ANNA)
    assert "patient/A-1  (in doubt)\n" in person.run("state list").text
    rename_workspace(person)
    assert "patient/A-1  (in doubt in workspace default)\n" in person.run("state list").text
