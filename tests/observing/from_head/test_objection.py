"""The table of ``recorded_list``, row by row: whether a page proves that everybody recorded is there."""

import pytest

from kardia_ctl.model.amounts.refresh import ListHead, ProvenList
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.observing.recorded_list import continued, objection, proven_list

RECORDED = {"d", "c", "a"}
"""Of the list f e d c b a, newest first, whose pages hold four."""


def proven(absent: set[str] = frozenset()) -> ProvenList:  # type: ignore[assignment]
    head = ListHead.of(6, list("fedc"))
    assert head is not None
    kept = proven_list(head, RECORDED | absent, set("fedcba"))
    assert kept is not None
    return kept


def page(ids: str, total: int) -> PatientsPage:
    return PatientsPage(tuple(LivePatient(one, one) for one in ids), total, "more")


@pytest.mark.parametrize(
    ("ids", "total", "recorded", "said"),
    [
        pytest.param("fedc", 6, RECORDED, "", id="nothing, or somebody came and left"),
        pytest.param("hgfe", 8, RECORDED, "", id="somebody came"),
        pytest.param("hgfe", 8, RECORDED | {"h"}, "", id="one of them is ours"),
        pytest.param("fedc", 5, RECORDED, "the count", id="somebody left"),
        pytest.param("gfed", 6, RECORDED, "the count", id="one left below and one came"),
        pytest.param("edcb", 5, RECORDED, "the newest patient", id="f left"),
        pytest.param("ihgf", 9, RECORDED, "do not stand", id="more came than half a page"),
        pytest.param("fxed", 6, RECORDED, "do not stand", id="one left, and one appears late"),
        pytest.param("fedx", 7, RECORDED, "the count", id="one appears late"),
        pytest.param("afed", 7, RECORDED, "state does not", id="an old row moves, and one appears late"),
        pytest.param("fedc", 6, RECORDED | {"h"}, "state does not", id="whom we created is not there"),
        pytest.param("fedc", 6, RECORDED - {"a"}, "state does not", id="a record was removed"),
        pytest.param("edcb", 6, RECORDED, "the newest patient", id="the list is older"),
        pytest.param("ffed", 6, RECORDED, "do not stand", id="a row is repeated"),
        pytest.param("", 0, RECORDED, "the newest patient", id="another account"),
    ],
)
def test_a_page_proves_that_everybody_recorded_is_there_or_says_why_not(
    ids: str, total: int, recorded: set[str], said: str
) -> None:
    found = objection(proven(), page(ids, total), recorded)
    assert said in found if said else not found
    after = continued(proven(), page(ids, total), recorded)
    assert (after is not None) == (not said)
    if after is not None:
        assert not objection(after, page(ids, total), recorded)


def test_who_was_absent_is_not_among_those_that_a_page_proves() -> None:
    kept = proven({"gone"})
    assert kept.absent == ("gone",)
    assert not objection(kept, page("fedc", 6), RECORDED | {"gone"})


def test_a_list_that_many_recorded_are_not_in_is_not_kept() -> None:
    head = ListHead.of(1, ["a"])
    assert head is not None
    assert proven_list(head, {str(number) for number in range(21)}, {"a"}) is None


@pytest.mark.parametrize("text", ["", "{}", "[" * 9999, '{"head":{"total":"1"}}', str(proven())[:-1]])
def test_a_note_that_is_damaged_is_none(text: str) -> None:
    assert ProvenList.parse(text) is None
    assert ProvenList.parse(str(proven())) == proven()
