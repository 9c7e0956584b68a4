"""Kind 1: a departure is done when we did it, or when a person says so; absence says nothing."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from kardia_ctl.applying import state_updates
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Departure
from kardia_ctl.model.state import GONE, Depart, Entry, Intend, Intent, Note
from kardia_ctl.observing import observe
from kardia_ctl.planning import certainty
from kardia_ctl.planning.certainty import patient_id_of
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.state.open import open_store
from kardia_ctl.timing import system_instant
from tests.attacks.elsewhere import elsewhere, template
from tests.attacks.meddling import (
    CREATE,
    DELETE,
    DISCONNECT,
    LEAVES,
    STAYS,
    Once,
    enrolled,
    id_of,
    leaving,
    meddled,
)
from tests.attacks.safeguards import removed
from tests.cli.commands.apply.test_pro import DISCONNECT as PRO_DISCONNECT
from tests.cli.commands.apply.test_pro import EDDA, declared, served
from tests.cli.conftest import Desk, account, desk

__all__ = ["account", "desk"]  # fixtures

CROWD = 600
"""So many patients that a known one is read by id, and not from the list."""


@pytest.fixture
def leaver(desk: Desk) -> str:
    return enrolled(desk)


def departed(desk: Desk) -> dict[str, frozenset[str]]:
    return dict(open_store("sqlite:///.kardia/state.db", desk.path, "default").load().departed)


def unlisted(desk: Desk, patient_id: str) -> Once:
    """A list that lags: it shows the other patient alone, as its totalCount says."""
    other = next(patient for patient in desk.account.patients.all() if patient.id != patient_id)
    row: dict[str, object] = {"id": other.id, "mrn": other.mrn, "dob": other.dob, "email": other.email}
    row |= {"firstname": other.firstname, "status": "none"}
    page = {"totalCount": 1, "patients": [row], "pageInfo": {"hasNextPage": False}}
    return Once("GET", "/v1/patients", 200, page, times=10)


def a_transient_404(desk: Desk, leaver: str, action: str) -> None:
    """Neither the list nor one read by id shows the patient; then both do again."""
    desk.write(leaving(action=action))
    lag, missing = unlisted(desk, leaver), Once("GET", f"/v1/patients/{leaver}", 404)
    with meddled(desk, lag, missing):
        ran = desk.apply()
    assert missing.left == 0
    assert not departed(desk)
    assert ran.code == 1
    assert "no request of this departure was accepted" in ran.out
    again = desk.apply()
    assert (again.code, again.requests.count(DELETE if action == "delete" else DISCONNECT)) == (0, 1)


@pytest.mark.parametrize("action", ["delete", "disconnect"])
def test_a_transient_404_is_no_departure(desk: Desk, leaver: str, action: str) -> None:
    a_transient_404(desk, leaver, action)


@pytest.mark.parametrize("action", ["disconnect", "delete"])
def test_a_transient_404_to_who_is_read_by_id_is_no_departure(desk: Desk, leaver: str, action: str) -> None:
    desk.account.patients.seed(CROWD)
    desk.write(f"version: 1\npatients:\n{LEAVES}{STAYS}{NEW}")
    assert (
        desk.apply().code == 0
    )  # state learns how many pages there are: it records nothing without a change
    desk.write(leaving(action=action).replace(STAYS, "").replace("patients:\n", ""))
    missing = Once("GET", f"/v1/patients/{leaver}", 404)
    with meddled(desk, missing):
        ran = desk.apply()
    if action == "disconnect":
        assert (ran.code, missing.left, departed(desk)) == (1, 0, {})
    else:  # who is to be deleted is looked for in the list first; the 404 meets the last look
        assert (ran.code, missing.left, departed(desk), DELETE in ran.requests) == (1, 0, {}, False)
    assert desk.apply().code == 0
    assert departed(desk) == {leaver: frozenset({action})}


@pytest.mark.parametrize("action", ["delete", "disconnect"])
def test_another_account_in_which_everybody_is_absent_records_nothing(
    desk: Desk, leaver: str, action: str
) -> None:
    """The other account names the same team, so that no check of the tenant helps."""
    desk.write(leaving(action=action).replace(STAYS, "").replace("patients:\n", ""))
    with Account(seed=11) as other, meddled(desk, account=other):
        other.patients.add(PatientFields("X-1", "1960-01-01", "x1@example.com"))
        ran = desk.apply()
        assert [patient.mrn for patient in other.patients.all()] == ["X-1"]
    assert (ran.code, departed(desk)) == (1, {})
    assert desk.apply().code == 0
    assert set(departed(desk)) == {leaver}


def test_a_404_after_an_accepted_deletion_is_not_its_end_while_the_list_has_the_patient(
    desk: Desk, leaver: str
) -> None:
    a_404_during_a_deletion(desk, leaver)


def a_404_during_a_deletion(desk: Desk, leaver: str) -> None:
    desk.write(leaving().replace(STAYS, "").replace("patients:\n", ""))
    with meddled(desk, quirks=Quirks(delete_delay=3600)):
        assert desk.apply().requests.count(DELETE) == 1
    missing = Once("GET", f"/v1/patients/{leaver}", 404)
    with meddled(desk, missing, quirks=Quirks(delete_delay=3600)):
        ran = desk.apply()
        assert (ran.code, missing.left) == (0, 0)
        assert GONE not in departed(desk)[leaver]
        still = desk.apply()
    assert (still.code, "still listed" in still.out) == (0, True)
    desk.account.patients.remove(leaver)
    assert "deleted, and gone" in desk.apply().out
    assert departed(desk)[leaver] == {"delete", GONE}


def test_the_end_of_a_deletion_is_not_learnt_from_another_account(desk: Desk, leaver: str) -> None:
    with meddled(desk, quirks=Quirks(delete_delay=3600)):
        desk.write(leaving())
        assert desk.apply().requests.count(DELETE) == 1
    with Account(seed=11) as other, meddled(desk, account=other):
        other.patients.add(PatientFields("X-1", "1960-01-01", "x1@example.com"))
        desk.apply()
    assert departed(desk) == {leaver: frozenset({"delete"})}


def test_a_deleted_patient_who_is_live_again_is_an_error_and_can_be_deleted_again(
    desk: Desk, leaver: str
) -> None:
    """The list and a read by id agree that the patient is gone, and later show the patient again."""
    slow, missing = Quirks(delete_delay=3600), Once("GET", f"/v1/patients/{leaver}", 404, times=9)
    desk.write(leaving())
    with meddled(desk, quirks=slow):
        assert desk.apply().requests.count(DELETE) == 1
    with meddled(desk, unlisted(desk, leaver), missing, quirks=slow):
        assert "deleted, and gone" in desk.apply().out
    desk.write(leaving().replace("departures:", f"{NEW}departures:"))  # which is looked for in the list
    for ran in (desk.plan(), desk.apply()):
        assert (ran.code, "is live in Kardia again" in ran.out, DELETE in ran.requests) == (1, True, False)
    assert desk.run("state", "forget", "patient/GO-1", str(desk.path), "--auto-approve").code == 0
    desk.write(leaving(f", id: {leaver}"))
    assert desk.apply().requests.count(DELETE) == 1


NEW = "  - {mrn: NW-1, dob: 1953-01-01, email: nw1@example.com, firstname: Cleo}\n"


def test_a_person_who_knows_writes_the_day_and_nothing_is_sent(desk: Desk, leaver: str) -> None:
    desk.account.patients.remove(leaver)
    alone = leaving(", done: 2026-03-05").replace(STAYS, "").replace("patients:\n", "")
    desk.write(alone)
    for read in (["GET /v1/teamConnectionTemplate"], []):  # ST-1 is forgotten: whose key it is is read first
        ran = desk.apply()
        assert (ran.code, ran.requests, departed(desk)) == (0, read, {})
        assert "done on 2026-03-05" in ran.out
    assert desk.plan("--detailed-exitcode").code == 0


def test_a_day_settles_what_was_in_doubt_where_a_team_is_expected_too(desk: Desk, leaver: str) -> None:
    """The run does nothing else, and reads whose key it is before it records that."""
    now = system_instant()
    store = open_store("sqlite:///.kardia/state.db", desk.path, "default")
    intent = Intent(patient_address("GO-1"), "delete", now, now, id=leaver, window=60)
    with store.lock("test"):
        store.commit([Intend(intent), Note("team", TEAM_ID)])
    desk.account.patients.remove(leaver)
    desk.write(leaving(", done: 2026-03-05"))
    with elsewhere(desk, desk.account, (200, [template("another-team")])):
        assert desk.apply().code == 1
    assert store.load().intents
    ran = desk.apply()
    assert (ran.code, "POST /v1/patients" in ran.requests) == (0, False)
    assert not store.load().intents


def test_a_day_that_the_account_contradicts_is_an_error(desk: Desk, leaver: str) -> None:
    desk.write(leaving(", done: 2026-03-05").replace("departures:", f"{NEW}departures:"))
    ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    assert f"is live in Kardia as {leaver}" in " ".join(ran.out.split())


def test_a_day_that_has_not_come_is_no_day(desk: Desk, leaver: str) -> None:
    later = (date.today() + timedelta(days=3)).isoformat()  # noqa: DTZ011  (days, not hours, are compared)
    for more in (f", done: {later}", f", export: true, exported: {later}"):
        desk.write(leaving(more))
        ran = desk.apply()
        assert (ran.code, DELETE in ran.requests, departed(desk)) == (1, False, {})
        assert "is a date in the future" in ran.out


def test_a_404_to_the_deletion_itself_is_a_failure(desk: Desk, leaver: str) -> None:
    """As servers answer that hide what a key may not do."""
    desk.write(leaving())
    refusing = Once("DELETE", f"/v1/patients/{leaver}", 404)
    with meddled(desk, refusing):
        ran = desk.apply()
    assert (ran.code, refusing.left, departed(desk)) == (1, 0, {})
    assert desk.apply().requests.count(DELETE) == 1


@pytest.mark.parametrize("moment", list(Moment))
def test_a_deletion_whose_answers_are_all_lost_is_done_once_its_answer_comes(
    desk: Desk, leaver: str, moment: Moment
) -> None:
    desk.write(leaving())
    rule = FaultRule(FaultKind.DROPPED, moment, path=f"/v1/patients/{leaver}", methods=frozenset({"DELETE"}))
    with served(desk, faults=Faults((rule,))):
        ran = desk.apply()
        assert (ran.code, departed(desk)) == (1, {})
        assert "in doubt" in ran.out
    again = desk.apply()
    assert (again.code, again.requests.count(DELETE)) == (0, 1)
    assert [patient.mrn for patient in desk.account.patients.all()] == ["ST-1"]
    assert "delete" in departed(desk)[leaver]
    assert desk.plan("--detailed-exitcode").code == 0


def test_a_lost_answer_and_then_a_404_is_success_only_when_the_patient_is_gone(
    desk: Desk, leaver: str
) -> None:
    desk.write(leaving())
    rule = FaultRule(
        FaultKind.DROPPED, Moment.AFTER, path="/v1/patients/*", methods=frozenset({"DELETE"}), times=1
    )
    with served(desk, faults=Faults((rule,))):
        assert desk.apply().code == 0
    assert "delete" in departed(desk)[leaver]


def test_a_lost_request_and_then_a_404_that_hides_a_refusal_stays_in_doubt(desk: Desk, leaver: str) -> None:
    desk.write(leaving())
    path = f"/v1/patients/{leaver}"
    lost, hidden = Once("DELETE", path, 500), Once("DELETE", path, 404)
    with meddled(desk, lost, hidden):
        ran = desk.apply()
    assert (ran.code, hidden.left, departed(desk)) == (1, 0, {})
    assert "in doubt" in ran.out
    assert len(desk.account.patients.all()) == 2
    assert desk.apply().requests.count(DELETE) == 1


def test_a_doubt_about_a_deletion_is_not_settled_by_another_account(desk: Desk, leaver: str) -> None:
    """The request never arrived, and in another account, whose team is not told, nobody is there."""
    desk.write(leaving())
    with meddled(desk, Once("DELETE", f"/v1/patients/{leaver}", 500, times=9)):
        assert desk.apply().code == 1
    silent = Once("GET", "/v1/teamConnectionTemplate", 200, [], times=9)
    with Account(seed=11) as other, meddled(desk, silent, account=other):
        assert desk.apply().code == 1
    assert departed(desk) == {}
    assert desk.apply().requests.count(DELETE) == 1


def test_an_export_of_who_is_absent_is_not_recorded(desk: Desk, leaver: str) -> None:
    desk.write(leaving(", export: true"))
    lag, missing = unlisted(desk, leaver), Once("GET", f"/v1/patients/{leaver}", 404)
    with meddled(desk, lag, missing):
        assert desk.apply().code == 1
    assert not departed(desk)


def test_a_recreate_that_is_refused_leaves_the_codes_of_the_earlier_patient(desk: Desk) -> None:
    templates = "templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}\n"
    patient = LEAVES.replace("firstname: Ada", "firstname: Ada, codes: [one-year]")
    desk.write(f"version: 1\n{templates}patients:\n{patient}{STAYS}")
    assert desk.apply().code == 0
    leaver = id_of(desk.account)
    lag, missing = unlisted(desk, leaver), Once("GET", f"/v1/patients/{leaver}", 404)
    refused = Once("POST", "/v1/patients", 400)
    with meddled(desk, lag, missing, refused):
        ran = desk.apply("--recreate", "patient/GO-1")
    assert (ran.code, missing.left, refused.left) == (1, 0, 0)
    again = desk.apply()
    assert (again.code, CREATE in again.requests, "GET /v1/patients/{id}/code" in again.requests) == (
        0,
        False,
        False,
    )


def test_a_disconnect_of_who_is_unknown_to_pro_is_a_failure(desk: Desk) -> None:
    desk.write(declared(EDDA))
    assert desk.apply("--codes-out", str(desk.path / "codes.csv")).code == 0
    leaves = "departures:\n  - {mrn: AC-001, action: disconnect, reason: moved away}\n"
    desk.write(declared().replace("patients:\n", leaves))
    with meddled(desk, Once("POST", "/e/v1/disconnection", 404)):
        ran = desk.apply()
    assert (ran.code, departed(desk)) == (1, {})
    assert desk.apply().requests.count(PRO_DISCONNECT) == 1


def departure_from_absence(inputs: PlanInputs) -> Iterator[Entry]:
    """What the program once recorded: whoever is absent has departed."""
    for departure in inputs.desired.departures:
        if (patient_id := patient_id_of(inputs, departure)) in inputs.observed.missing:
            yield Depart(patient_id, departure.action.value)


def test_with_departures_recorded_from_absence_the_attack_succeeds(desk: Desk, leaver: str) -> None:
    with (
        removed(state_updates, "_observed_facts", departure_from_absence),
        pytest.raises(AssertionError),
    ):
        a_transient_404(desk, leaver, "delete")


def test_with_one_404_for_the_end_of_a_deletion_the_attack_succeeds(desk: Desk, leaver: str) -> None:
    def by_id_alone(inputs: PlanInputs, _: Departure) -> bool:
        return leaver in inputs.observed.missing

    async def unconfirmed(*arguments: object) -> object:
        return arguments[-2:]

    with (
        removed(certainty, "is_gone", by_id_alone),
        removed(observe, "_confirmed", unconfirmed),
        pytest.raises(AssertionError),
    ):
        a_404_during_a_deletion(desk, leaver)
