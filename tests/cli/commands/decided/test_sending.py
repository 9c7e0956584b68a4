"""``decisions`` that send something: used once, whatever becomes of the run."""

from pathlib import Path

import pytest

from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.server import serving
from tests.cli.commands.decided.test_decisions import CODE, PATIENT, day, decide
from tests.cli.conftest import Desk


def live(desk: Desk) -> list[str]:
    return [one.id for one in desk.account.patients.all() if one.mrn == "CL-0001042"]


def erase(desk: Desk) -> None:
    for patient_id in live(desk):
        desk.account.patients.remove(patient_id)


@pytest.fixture
def erased(desk: Desk) -> Desk:
    """A clinic of which somebody removed a patient in Kardia."""
    assert desk.apply().code == 0
    erase(desk)
    return desk


def test_a_patient_is_created_again_once(erased: Desk) -> None:
    assert erased.plan("--detailed-exitcode").code == 3
    decide(erased, PATIENT, "recreate")
    assert "recreate: it is created again, once" in erased.plan().out
    assert erased.apply().code == 0
    (first,) = live(erased)
    assert "it was used on" in erased.plan().out
    erase(erased)
    for _ in range(2):
        refused = erased.apply()
        assert refused.code == 1
        assert "deleted elsewhere" in refused.out
    assert live(erased) == []
    decide(erased, PATIENT, "recreate", day(31))
    assert erased.apply().code == 0
    assert live(erased) not in ([], [first])


def test_a_decision_whose_answer_is_lost_creates_nobody_twice(
    erased: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(erased, PATIENT, "recreate")
    erased.edit(lambda text: f"{text}settle: 1s\n")
    rule = FaultRule(FaultKind.DROPPED, Moment.AFTER, methods=frozenset({"POST"}), path="/v1/patients")
    with serving(create_app(erased.account, faults=Faults((rule,)))) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        erased.apply()
    assert len(live(erased)) == 1
    erase(erased)
    assert erased.apply().code == 1
    assert live(erased) == []


def test_a_saved_plan_uses_the_decisions_that_it_was_made_with(erased: Desk, tmp_path: Path) -> None:
    decide(erased, PATIENT, "recreate")
    file = tmp_path / "saved"
    assert erased.plan("--out", str(file)).code == 0
    assert erased.run("apply", str(file)).code == 0
    assert len(live(erased)) == 1
    erase(erased)
    assert erased.apply().code == 1
    assert live(erased) == []


def test_without_state_a_decision_that_creates_needs_a_word(desk: Desk) -> None:
    assert desk.apply().code == 0
    patient = next(one for one in desk.account.patients.all() if one.mrn == "CL-0001042")
    desk.account.patients.change(patient.id, mrn="CL-9")
    desk.lose_state()
    decide(desk, PATIENT, "distinct")
    for _ in range(2):  # the second run has a state, which knows that there was none
        refused = desk.apply()
        assert refused.code == 1
        assert "--accept-decisions" in refused.out
    assert live(desk) == []
    assert desk.plan("--accept-decisions").code == 0
    assert desk.apply("--accept-decisions").code == 0
    assert len(live(desk)) == 1


def test_a_code_is_issued_again_once(desk: Desk) -> None:
    assert desk.apply().code == 0
    decide(desk, CODE, "reissue")
    asked = "GET /v1/patients/{id}/code"
    for number in (1, 0, 0):
        for patient_id in live(desk):
            desk.account.connections.disconnect(patient_id)
        ran = desk.apply("--target", CODE)
        assert ran.requests.count(asked) == number
    assert f"it was used on {day(0)}" in desk.plan().out


def test_a_corrected_mrn_does_not_make_a_used_decision_new(erased: Desk) -> None:
    decide(erased, PATIENT, "recreate")
    assert erased.apply().code == 0
    (patient_id,) = live(erased)
    erased.account.patients.change(patient_id, mrn="CL-2")
    erased.edit(lambda text: text.replace("CL-0001042", "CL-2"))
    erased.edit(lambda text: f"{text}moved:\n  - {{from: {PATIENT}, to: patient/CL-2}}\n")
    assert erased.apply().code == 0
    erased.account.patients.remove(patient_id)
    assert erased.apply().code == 1
    assert [one.mrn for one in erased.account.patients.all()].count("CL-2") == 0
