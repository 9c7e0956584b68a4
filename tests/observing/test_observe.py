"""What an observation gathers, beyond the scan: ids that count as live, twins, settings, counts."""

import asyncio

import pytest

from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.observing.observe import observe, with_templates
from kardia_ctl.observing.read_plan import ReadPlan
from tests.observing.script import Moving, crowd, live


def reading(*, scan: bool = True, known: tuple[tuple[str, str], ...] = ()) -> ReadPlan:
    ids, mrns = tuple(zip(*known, strict=True)) or ((), ())
    return ReadPlan(scan, ids, mrns, (), False)


def known(*numbers: int) -> tuple[tuple[str, str], ...]:
    return tuple((f"id-{number}", f"M-{number}") for number in numbers)


def seen(reader: Moving, wanted: ReadPlan, *, look_up_all: bool = False) -> Observed:
    observed = asyncio.run(observe(reader, wanted, look_up_all=look_up_all))
    assert observed.reads == len(reader.log)
    return observed


def hide(reader: Moving, *numbers: int) -> Moving:
    """Let the list lag: these are live and not shown."""
    for number in numbers:
        reader.hidden[f"id-{number}"] = live(number)
    return reader


def test_nothing_to_read_reads_nothing() -> None:
    observed = seen(Moving(crowd(3)), reading(scan=False))
    assert observed.coverage is Coverage.NOT_READ
    assert observed.total is None


def test_a_recorded_id_that_the_list_does_not_show_is_live_until_a_read_says_otherwise() -> None:
    observed = seen(hide(Moving(crowd(3)), 7), reading(known=known(1, 7, 8)))
    assert set(observed.patients) == {"M-1", "M-2", "M-3", "M-7"}
    assert observed.missing == {"id-8"}
    assert observed.total == 3
    assert observed.reads == 3


def test_all_are_looked_up_when_the_list_lags_behind_a_cohort() -> None:
    cohort = tuple(range(100, 150))
    observed = seen(hide(Moving(crowd(3)), *cohort), reading(known=known(*cohort)))
    assert len(observed.patients) == 53
    assert not observed.missing
    assert observed.reads == 51


def test_many_that_are_gone_are_not_all_looked_up() -> None:
    observed = seen(Moving(crowd(3)), reading(known=known(*range(100, 150))))
    assert observed.reads == 11
    assert len(observed.missing) == 10


def test_all_are_looked_up_when_a_person_says_so() -> None:
    observed = seen(Moving(crowd(3)), reading(known=known(*range(100, 150))), look_up_all=True)
    assert len(observed.missing) == 50


def test_few_of_many_that_are_gone_are_all_looked_up() -> None:
    observed = seen(Moving(crowd(500)), reading(known=known(*range(12, 512))))
    assert len(observed.missing) == 11
    assert observed.reads == 12


@pytest.mark.parametrize("turned", [False, True])
def test_who_is_looked_up_does_not_depend_on_the_order_of_the_records(turned: bool) -> None:
    ids = known(*range(100, 150))
    observed = seen(Moving([]), reading(known=ids[::-1] if turned else ids))
    assert observed.missing == {f"id-{number}" for number in range(100, 110)}


def test_reads_by_id_tell_who_is_there_and_who_is_not() -> None:
    observed = seen(Moving(crowd(3)), reading(scan=False, known=known(1, 9)))
    assert observed.coverage is Coverage.BY_ID
    assert set(observed.patients) == {"M-1"}
    assert observed.missing == {"id-9"}
    assert observed.total is None


def test_two_with_one_mrn_are_told_apart_by_their_ids() -> None:
    twin = LivePatient("id-twin", "M-1", "2000-07-21")
    observed = seen(Moving([twin, *crowd(2)]), reading(known=(("id-1", "M-1"), ("id-twin", "M-1"))))
    assert [one.id for one in observed.twins["M-1"]] == ["id-1", "id-twin"]
    assert set(observed.twins) == {"M-1"}
    assert len(observed.by_id) == 1
    assert {observed.patients["M-1"].id, *observed.by_id} == {"id-1", "id-twin"}


def test_a_recorded_id_with_another_mrn_is_found_by_its_id() -> None:
    observed = seen(Moving([LivePatient("id-1", "CORRECTED", "2000-07-21")]), reading(known=known(1)))
    assert observed.by_id["id-1"].mrn == "CORRECTED"


def test_a_setting_that_is_not_set_is_not_a_setting_that_was_not_read() -> None:
    callback = Address(Kind.CALLBACK)
    observed = seen(Moving([]), ReadPlan(False, (), (), (callback,), False))
    assert observed.settings == {callback: None}


def test_templates_that_were_not_read_are_not_an_empty_list() -> None:
    reader = Moving([])
    observed = seen(reader, reading(scan=False))
    assert observed.templates is None
    more = asyncio.run(with_templates(reader, observed))
    assert more.templates == ()
    assert more.reads == len(reader.log) == 1


def test_a_read_by_id_that_fails_fails_the_observation() -> None:
    class Broken(Moving):
        async def patient(self, patient_id: str) -> LivePatient | None:
            raise ApiError("GET /v1/patients/:id: 503")

    with pytest.raises(ApiError, match="503"):
        seen(Broken([]), reading(scan=False, known=known(1, 2)))
