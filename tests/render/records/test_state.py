import pytest

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import CodeRecord, Intent, PatientRecord, Record, State, UserRecord
from kardia_ctl.render.records.state_list import state_list, state_show
from tests.moments import at

AT = 1772445600  # 2026-03-02T10:00:00Z
JOE, NEW = patient_address("JS-1"), patient_address("NEW 1")


@pytest.fixture
def state() -> State:
    return State(
        exists=True,
        patients={"ZZ": PatientRecord("idZZ", at=AT, forgotten=True), "JS-1": PatientRecord("idJS", at=AT)},
        codes={
            "JS-1": {
                "4qq0": CodeRecord("idJS", at=AT, template="one-year"),
                "5rr1": CodeRecord("idJS", at=AT),
            }
        },
        settings={Address(Kind.CALLBACK): Record(at=AT)},
        intents={NEW: Intent(NEW, "create", at(AT), at(AT + 5.5))},
        departed={"idZZ": frozenset({"disconnect"})},
    )


def test_a_list_has_an_address_a_line(state: State) -> None:
    assert state_list(state) == (
        "callback\n"
        "patient/JS-1\n"
        "patient/ZZ  (forgotten)\n"
        "connection_code/JS-1/5rr1\n"
        "connection_code/JS-1/one-year\n"
        "patient/NEW%201  (in doubt)\n"
    )


def test_an_empty_state_lists_nothing() -> None:
    assert state_list(State()) == ""


def test_a_record_is_shown_with_its_time_in_utc(state: State) -> None:
    assert state_show(state, code_address("JS-1", "one-year")) == (
        "connection_code/JS-1/one-year\n"
        "  id        idJS\n"
        "  recorded  2026-03-02T10:00:00+00:00\n"
        "  template  one-year\n"
        "  tombstone no\n"
    )


def test_a_tombstone_says_that_it_is_one(state: State) -> None:
    shown = state_show(state, patient_address("ZZ"))
    assert "  tombstone yes\n" in shown
    assert "  departed  disconnect\n" in shown
    assert "  cohort    (none)\n" in shown


@pytest.mark.parametrize(("unredeemed", "shown"), [(True, "  redeemed  no\n"), (False, "")])
def test_a_user_whose_code_was_not_redeemed_is_shown_as_one(unredeemed: bool, shown: str) -> None:
    state = State(users={"JS-1": UserRecord("idJS", at=AT, unredeemed=unredeemed)})
    assert state_show(state, Address(Kind.MOBILE_USER, ("JS-1",))) == (
        f"mobile_user/JS-1\n  id        idJS\n  recorded  2026-03-02T10:00:00+00:00\n{shown}  tombstone no\n"
    )


def test_a_write_in_doubt_is_shown(state: State) -> None:
    assert state_show(state, NEW) == (
        "patient/NEW%201 is in doubt\n"
        "  operation create\n"
        "  sent      2026-03-02T10:00:00+00:00\n"
        "  ended     2026-03-02T10:00:05+00:00\n"
    )


def test_an_unknown_address_shows_nothing(state: State) -> None:
    assert state_show(state, patient_address("nobody")) == ""


def test_recorded_text_cannot_act_on_a_terminal() -> None:
    state = State(patients={"JS-1": PatientRecord("\x1b[2J", at=0, cohort="::x::")})
    assert state_show(state, JOE).replace("\n", "").isprintable()
