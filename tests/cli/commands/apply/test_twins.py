"""Two live patients with one declared mrn: one leaves by a departure with its id, and the other stays."""

from pathlib import Path

import pytest

from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.plan import Change
from kardia_ctl.planning import dependencies
from kardia_ctl.sandbox.data.values import PatientFields, RecordingFields
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from tests.attacks.safeguards import removed
from tests.cli.commands.apply.test_departures import COUNT, DELETE
from tests.cli.commands.apply.test_pro import served
from tests.cli.conftest import Desk

FIELDS = PatientFields("TW-1", "1950-01-01", "tw1@example.com", firstname="Ada")
KARDIA = """version: 1
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}
patients:
  - {mrn: TW-1, dob: 1950-01-01, email: tw1@example.com, firstname: Ada%s}
"""
CODES = ", codes: [one-year]"


def leaves(patient_id: str, more: str = "", codes: str = CODES) -> str:
    why = f"code: duplicate, reason: typed Qzreason twice{more}"
    return KARDIA % codes + f"departures:\n  - {{mrn: TW-1, id: {patient_id}, action: delete, {why}}}\n"


@pytest.fixture
def twins(desk: Desk) -> tuple[Desk, str, str]:
    """The desk, and the ids of the one who is to stay and of the other."""
    stays, other = desk.account.patients.add(FIELDS), desk.account.patients.add(FIELDS)
    return desk, stays, other


def live(desk: Desk) -> list[str]:
    return [patient.id for patient in desk.account.patients.all()]


def ordered_for(desk: Desk) -> list[str]:
    return [code.patient_id for code in desk.account.connections.codes()]


def test_the_other_of_two_leaves_and_who_stays_is_managed_with_a_code(twins: tuple[Desk, str, str]) -> None:
    desk, stays, other = twins
    desk.write(KARDIA % CODES)
    assert "2 live patients have this mrn" in desk.plan().out
    desk.write(leaves(other))
    ran = desk.apply()
    assert (ran.code, ran.requests.count(DELETE), ran.requests.count(COUNT)) == (0, 1, 2)
    assert (live(desk), ordered_for(desk)) == ([stays], [stays])
    assert f"{stays} stays under this mrn" in ran.out
    assert desk.plan("--detailed-exitcode").code == 0
    desk.write(KARDIA % CODES)
    ran = desk.plan("--detailed-exitcode")
    assert (ran.code, ran.out.startswith("No changes.")) == (0, True)
    assert stays in desk.run("state", "show", "patient/TW-1", str(desk.path)).out


def test_the_safeguard_that_no_code_is_ordered_for_who_leaves_is_seen_when_it_is_removed(
    twins: tuple[Desk, str, str],
) -> None:
    desk, stays, other = twins
    desk.write(leaves(other, codes=f"{CODES}, id: {stays}").replace("delete", "disconnect"))
    with removed(dependencies, "_head", _together):
        desk.apply()
    assert ordered_for(desk) == [other]


def _together(change: Change) -> tuple[Address, str]:
    return owner_of(change.address) or change.address, ""


def test_state_keeps_the_record_of_who_stays(twins: tuple[Desk, str, str]) -> None:
    desk, stays, other = twins
    desk.account.patients.remove(other)
    desk.write(KARDIA % CODES)
    assert desk.apply().code == 0  # managed, with a code
    other = desk.account.patients.add(FIELDS)
    desk.write(leaves(other))
    assert desk.apply().code == 0
    shown = desk.run("state", "show", "patient/TW-1", str(desk.path)).out
    assert stays in shown
    assert "forgotten" not in shown
    assert (live(desk), ordered_for(desk)) == ([stays], [stays])
    desk.write(KARDIA % CODES)
    assert desk.plan("--detailed-exitcode").code == 0


@pytest.mark.parametrize("moment", list(Moment))
def test_a_lost_answer_to_the_deletion_of_a_twin_is_settled_by_the_next_run(
    twins: tuple[Desk, str, str], moment: Moment
) -> None:
    desk, stays, other = twins
    desk.write(leaves(other))
    lost = Faults((FaultRule(FaultKind.DROPPED, moment, methods=frozenset({"DELETE"}), times=9),))
    with served(desk, faults=lost):
        assert desk.apply().code == 1
    for _ in range(2):
        desk.apply()
    assert (live(desk), ordered_for(desk)) == ([stays], [stays])
    assert desk.plan("--detailed-exitcode").code == 0


def test_the_managed_one_never_leaves(twins: tuple[Desk, str, str]) -> None:
    desk, stays, other = twins
    desk.account.patients.remove(other)
    desk.write(KARDIA % "")
    assert desk.apply().code == 0
    desk.account.patients.add(FIELDS)
    desk.write(leaves(stays, codes=""))
    ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    assert "its id is that of the patient who is managed" in ran.out


def test_recordings_are_asked_for(twins: tuple[Desk, str, str]) -> None:
    desk, stays, other = twins
    desk.account.recordings.add(RecordingFields(other))
    desk.write(leaves(other))
    ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    assert "has 1 recording, and a deletion cannot be undone" in ran.out
    desk.write(leaves(other, ", confirm: has-recordings"))
    assert desk.apply().code == 0
    assert live(desk) == [stays]


def test_an_export_goes_first(twins: tuple[Desk, str, str]) -> None:
    desk, stays, other = twins
    desk.write(leaves(other, ", export: true"))
    assert desk.apply().code == 0
    assert live(desk) == [other, stays]
    assert desk.account.patients.exports() == [other]
    desk.write(leaves(other, ", export: true, exported: 2026-03-04"))
    assert desk.apply().code == 0
    assert live(desk) == [stays]


def test_the_reason_is_shown_with_values_alone(twins: tuple[Desk, str, str], tmp_path: Path) -> None:
    desk, _, other = twins
    desk.write(leaves(other))
    file = str(tmp_path / "p.plan")
    outputs = [desk.plan(), desk.plan("--json"), desk.plan("--out", file), desk.run("show", "--json", file)]
    texts = [Path(file).read_text(), *(ran.out + ran.err for ran in outputs)]
    assert not [text for text in texts if "Qzreason" in text]
    assert "(departure: duplicate" in outputs[0].out
    assert 'reason        = "typed Qzreason twice"' in desk.plan("--show-phi").out
    ran = desk.apply("--results", str(tmp_path / "r.csv"))
    exported = desk.run("audit", "export", str(desk.path)).out
    assert "Qzreason" not in ran.out + ran.err + exported + (tmp_path / "r.csv").read_text()
    assert "Qzreason" not in desk.run("status", str(desk.path)).out
