"""Kind 5: what cannot be undone needs certainty. Whatever is not certainly nothing is or may be something."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.api import v1
from kardia_ctl.api.answer import Answer, UnreadableAnswer, decode_json, whole_number
from kardia_ctl.api.recordings_answer import recordings_proven
from kardia_ctl.planning import certainty
from kardia_ctl.planning.certainty import holdings
from tests.attacks.meddling import DELETE, Once, enrolled, leaving, meddled
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, account, desk

__all__ = ["account", "desk"]  # fixtures

LAST = {"startCursor": "", "endCursor": "", "hasNextPage": False}
NONE = {"totalCount": 0, "recordings": [], "pageInfo": LAST}
ROW = {"id": "3wde1eem9vy4y1a0rv3y98u2a"}

ODD_STATUSES = ["NONE", "None", " none", "none ", "Pending", " pending", "connected", "Connected", "", "null",
                "unknown", "disconnected", "n\u043ene", "none\u200b", 0, False, None]  # fmt: skip

ODD_ANSWERS: dict[str, object] = {
    "a row": NONE | {"recordings": [ROW]},
    "a next page": NONE | {"pageInfo": LAST | {"hasNextPage": True}},
    "a next page in another type": NONE | {"pageInfo": LAST | {"hasNextPage": "false"}},
    "a next page that may be": NONE | {"pageInfo": LAST | {"hasNextPage": None}},
    "no word of a next page": NONE | {"pageInfo": {}},
    "no page info": {"totalCount": 0, "recordings": []},
    "no list": {"totalCount": 0, "pageInfo": LAST},
    "a list that is null": NONE | {"recordings": None},
    "a list that is an object": NONE | {"recordings": {}},
    "another name of the list": {"totalCount": 0, "data": [ROW], "pageInfo": LAST},
    "a second list": NONE | {"data": [ROW]},
    "a second count": NONE | {"total": 3},
    "no count": {"recordings": [], "pageInfo": LAST},
    "a count that is null": NONE | {"totalCount": None},
    "a count as text": NONE | {"totalCount": "0"},
    "a count as a fraction": '{"totalCount": 0.0, "recordings": [], "pageInfo": {"hasNextPage": false}}',
    "a count in parts": NONE | {"totalCount": 0.5},
    "a count that is false": NONE | {"totalCount": False},
    "a count below none": NONE | {"totalCount": -1},
    "a count that is an object": NONE | {"totalCount": {"value": 0}},
    "a count that is named twice": '{"totalCount": 3, "totalCount": 0, "recordings": [], "pageInfo": '
    '{"hasNextPage": false}}',
    "a list that is named twice": '{"totalCount": 0, "recordings": [{"id": "1"}], "recordings": [], '
    '"pageInfo": {"hasNextPage": false}}',
    "other letters": {"totalcount": 0, "Recordings": [], "pageInfo": LAST},
    "a bare list": [],
    "an envelope around it": {"data": NONE},
    "errors": NONE | {"errors": [{"title": "partial result"}]},
    "an error in words": NONE | {"errors": "partial result"},
    "null": None,
    "a number": 0,
    "no JSON": "none",
    "nothing": "",
    "half of it": '{"totalCount": 0, "recordings": [',
    "a web page": "<html>0</html>",
}


def _answer(body: object) -> Answer:
    return Answer(200, "application/json", (body if isinstance(body, str) else json.dumps(body)).encode())


@pytest.fixture
def leaver(desk: Desk) -> str:
    return enrolled(desk)


def is_kept(desk: Desk, leaver: str, status: object, recordings: object, skip: int = 0) -> None:
    """Who has that status, or those recordings, is not deleted, and the run says why."""
    desk.write(leaving())
    patient = {"id": leaver, "mrn": "GO-1", "dob": "1950-01-01", "email": "go1@example.com"}
    one = Once("GET", f"/v1/patients/{leaver}", 200, patient | {"status": status}, times=9)
    count = Once("GET", f"/v1/patients/{leaver}/recordings", 200, recordings, times=9, skip=skip)
    with meddled(desk, one, count):
        ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    assert leaver in {patient.id for patient in desk.account.patients.all()}


@pytest.mark.parametrize("status", ODD_STATUSES, ids=repr)
def test_any_other_status_than_none_and_pending_keeps_the_patient(
    desk: Desk, leaver: str, status: object
) -> None:
    is_kept(desk, leaver, status, NONE)


@pytest.mark.parametrize("skip", [0, 1], ids=["planning", "the last look"])
@pytest.mark.parametrize("name", ["a row", "a next page", "a count as text", "no page info", "half of it"])
def test_any_other_answer_than_no_recordings_keeps_the_patient(
    desk: Desk, leaver: str, name: str, skip: int
) -> None:
    is_kept(desk, leaver, "none", ODD_ANSWERS[name], skip)


@pytest.mark.parametrize("status", [403, 404])
def test_recordings_that_may_not_be_read_keep_the_patient(desk: Desk, leaver: str, status: int) -> None:
    desk.write(leaving())
    hidden = Once("GET", f"/v1/patients/{leaver}/recordings", status, times=9)
    with meddled(desk, hidden):
        ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    assert "has or may have recordings" in ran.out


def test_a_confirmation_covers_what_is_not_certain(desk: Desk, leaver: str) -> None:
    desk.write(leaving(", confirm: has-recordings"))
    patient = {"id": leaver, "mrn": "GO-1", "status": "NONE"}
    one = Once("GET", f"/v1/patients/{leaver}", 200, patient, times=9)
    count = Once("GET", f"/v1/patients/{leaver}/recordings", 404, times=9)
    with meddled(desk, one, count):
        ran = desk.apply()
    assert (ran.code, ran.requests.count(DELETE)) == (0, 1)


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_nothing_but_the_documented_answer_proves_that_there_are_none(name: str) -> None:
    try:
        assert recordings_proven(_answer(ODD_ANSWERS[name])) != 0
    except UnreadableAnswer:
        assert name in {"no JSON", "nothing", "half of it", "a web page"}


def test_the_documented_answer_proves_it_and_a_count_is_a_count() -> None:
    assert recordings_proven(_answer(NONE)) == 0
    assert recordings_proven(_answer(NONE | {"requestId": "a text", "errors": [], "more": None})) == 0
    assert recordings_proven(_answer("\ufeff" + json.dumps(NONE))) == 0
    assert recordings_proven(_answer(NONE | {"totalCount": 7, "recordings": [ROW]})) == 7


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_NAMES = st.sampled_from(["totalCount", "recordings", "pageInfo", "data", "errors", "count"])


@given(st.dictionaries(_NAMES, _VALUES | st.sampled_from([0, [], LAST]), max_size=6))
def test_none_means_that_every_part_of_an_answer_says_none(body: dict[str, object]) -> None:
    if recordings_proven(_answer(body)) == 0:
        assert body["totalCount"] == 0
        assert not isinstance(body["totalCount"], bool | float)
        assert body["recordings"] == []
        assert isinstance(body["pageInfo"], dict)
        assert body["pageInfo"]["hasNextPage"] is False
        assert not body.get("data")
        assert not body.get("errors")
        assert not body.get("count") or isinstance(body["count"], str)


@given(st.text(max_size=12) | st.none() | st.sampled_from(["none", "pending"]), st.none() | st.integers(0, 3))
def test_nothing_is_held_by_none_and_pending_without_recordings_alone(
    status: str | None, recordings: int | None
) -> None:
    certainly_nothing = status in ("none", "pending") and recordings == 0
    assert (holdings(status, recordings) == "") is certainly_nothing


def test_with_any_spelling_of_a_status_the_attack_succeeds(desk: Desk, leaver: str) -> None:
    lenient = removed(certainty, "NOT_CONNECTED", {"none", "pending", "NONE"})
    with lenient, pytest.raises(AssertionError):
        is_kept(desk, leaver, "NONE", NONE)


def test_with_any_count_the_attack_succeeds(desk: Desk, leaver: str) -> None:
    def total(answer: Answer) -> int | None:
        return whole_number(decode_json(answer, dict[str, object]).get("totalCount"))  # type: ignore[arg-type]

    with removed(v1, "recordings_proven", total), pytest.raises(AssertionError):
        is_kept(desk, leaver, "none", ODD_ANSWERS["a row"])
