"""Interning changes which text is held, and nothing else."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.state import PatientRecord, State
from kardia_ctl.observing.interning import Interning

NAMES = ("mrn", "dob", "email", "firstname", "lastname")
TEXTS = st.sampled_from(["", "one", "One", "two"])
LIVE = st.builds(
    LivePatient,
    id=st.sampled_from(["id-1", "id-2"]),
    mrn=st.sampled_from(["A", "B", ""]),
    dob=st.none() | TEXTS,
    email=st.none() | TEXTS,
    firstname=st.none() | TEXTS,
    lastname=st.none() | TEXTS,
    sex=st.sampled_from([None, 0, 1, 1.0, "1"]),
    status=st.none() | TEXTS,
)
WANT = st.builds(DesiredPatient, st.just("A"), TEXTS, TEXTS, TEXTS, TEXTS)
RECORD = st.sampled_from([State(), State(patients={"A": PatientRecord("id-1")})])


def shared(live: LivePatient, want: DesiredPatient, state: State) -> LivePatient:
    (found,) = Interning(replace(Desired(), patients={want.mrn: want}), state)([live])
    return found


@given(LIVE, WANT, RECORD)
def test_every_value_stays(live: LivePatient, want: DesiredPatient, state: State) -> None:
    found = shared(live, want, state)
    assert found == live
    assert type(found.sex) is type(live.sex)


def copy(text: str) -> str:
    """An equal text that is another object."""
    return text.encode().decode()


def test_equal_texts_are_held_once() -> None:
    want = DesiredPatient("the mrn", "the dob", "the email", "the first name", "the last name")
    record = PatientRecord("the id")
    live = LivePatient(copy(record.id), *(copy(getattr(want, name)) for name in NAMES))
    found = shared(live, want, State(patients={want.mrn: record}))
    assert [name for name in NAMES if getattr(live, name) is getattr(want, name)] == []
    assert [name for name in NAMES if getattr(found, name) is not getattr(want, name)] == []
    assert found.id is record.id
