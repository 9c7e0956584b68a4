"""A scan is proven or it is not used."""

import asyncio
from collections.abc import Iterable
from functools import partial

import httpx
import pytest

from kardia_ctl.api.client import open_session
from kardia_ctl.model.amounts.refresh import ListHead
from kardia_ctl.model.configuration import ScanPolicy
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.observing.scan import Scan, scan
from kardia_ctl.observing.walk import LIMITS
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.quirks import CursorStyle, Quirks
from tests.observing.script import Moving, Scripted, crowd, is_the_truth, live, scanned


def test_an_empty_account_is_proven_empty_with_one_request() -> None:
    assert scanned(Moving([])) == Scan({}, True, 0, requests=1, head=ListHead(0, 0, ()))


@pytest.mark.parametrize(
    ("count", "pages"), [(1, 1), (499, 1), (500, 1), (501, 2), (1000, 2), (1001, 3), (1200, 3)]
)
def test_a_list_that_stands_still_takes_the_fewest_pages(count: int, pages: int) -> None:
    reader = Moving(crowd(count))
    found = scanned(reader)
    assert is_the_truth(found, reader)
    assert reader.log == ["500"] * pages


@pytest.mark.parametrize("cap", [1, 7, 100, 499])
def test_a_page_that_is_capped_below_the_limit_is_followed(cap: int) -> None:
    reader = Moving(crowd(30), cap=cap)
    found = scanned(reader)
    assert is_the_truth(found, reader)
    assert found.requests == -(-30 // cap)


def test_limits_that_differ_put_page_edges_elsewhere_and_are_joined() -> None:
    """Rows 500 and 499 fall between the pages; the second walk shows the first, the third the rest."""

    class Dropping(Moving):
        async def patients(self, limit: int, start: str | None) -> PatientsPage:
            page = await super().patients(limit, start)
            return PatientsPage(
                page.patients[: limit - 1] if page.next_cursor else page.patients, 1000, page.next_cursor
            )

    reader = Dropping(crowd(1000), style="offset")
    found = scanned(reader)
    assert is_the_truth(found, reader)
    assert set(reader.log) == {"500", "498", "id-5", "id-503"}, "not shown again: read by id"


@pytest.mark.parametrize("cap", [30, 100])
def test_a_server_that_gives_fewer_rows_than_asked_for_has_other_page_edges_in_each_walk(cap: int) -> None:
    """At its own edges each walk passes over a row: another walk shows it, because its edges are others."""

    class Dropping(Moving):
        async def patients(self, limit: int, start: str | None) -> PatientsPage:
            page = await super().patients(min(limit, cap), start)
            rows = page.patients if start is None else page.patients[1:]
            return PatientsPage(rows, 211, page.next_cursor)

    reader = Dropping(crowd(211), style="offset")
    assert is_the_truth(scanned(reader), reader)


def sandboxed(quirks: Quirks, count: int, per_second: int, policy: ScanPolicy) -> tuple[Scan, set[str]]:
    """A scan of the sandbox, with a real client."""

    async def story(account: Account) -> Scan:
        transport = httpx.ASGITransport(create_app(account, quirks))
        async with open_session("http://127.0.0.1", API_KEY, http_transport=transport) as session:
            return await scan(session.reader, policy)

    with Account(now=ManualClock(), seed=1) as account:
        account.patients.seed(count, per_second=per_second)
        return asyncio.run(story(account)), {one.id for one in account.patients.all()}


@pytest.mark.parametrize("per_second", [3, 7, 300])
def test_rows_with_equal_times_that_fall_between_pages_are_found_or_missed_openly(per_second: int) -> None:
    found, truth = sandboxed(Quirks(cursor_style=CursorStyle.SECOND), 1100, per_second, ScanPolicy.COUNT)
    assert set(found.patients) <= truth
    assert found.proven == (set(found.patients) == truth)
    assert found.proven == (per_second < 300), "few enough fall between to be found with other limits"
    assert bool(found.detail) != found.proven


@pytest.mark.parametrize("style", [CursorStyle.EXACT, CursorStyle.OFFSET])
def test_the_sandbox_list_is_proven_through_the_real_client(style: CursorStyle) -> None:
    found, truth = sandboxed(Quirks(cursor_style=style), 1100, 1, ScanPolicy.COUNT)
    assert found.proven
    assert set(found.patients) == truth
    assert found.requests == 3


def page(numbers: list[int], total: int | None, cursor: str | None) -> PatientsPage:
    return PatientsPage(tuple(live(number) for number in numbers), total, cursor)


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ([page([1], 9, "a"), page([2], 9, "a")], "does not end"),
        ([page([1, 2], 9, "a"), page([1, 2], 9, "b")], "does not end"),
        ([page([], 9, "a")], "does not end"),
        ([page([1], 9, "a"), page([2], 9, "b"), page([3], 9, "a")], "does not end"),
    ],
    ids=["cursor-repeated", "nobody-new", "empty-with-a-next-page", "cursors-in-a-circle"],
)
def test_a_list_without_an_end_is_not_proven(pages: list[PatientsPage], why: str) -> None:
    reader = Scripted(*pages)
    found = scanned(reader)
    assert not found.proven
    assert why in found.detail
    assert found.requests <= 3 * 4


def test_more_pages_than_a_list_can_have_are_not_followed() -> None:
    """Every page shows somebody new and claims a next one: bounded by totalCount."""

    class Endless(Moving):
        async def patients(self, limit: int, start: str | None) -> PatientsPage:
            self.log.append(f"{limit}")
            number = len(self.log)
            return page([number], 20, f"cursor-{number}")

    found = scanned(Endless([]))
    assert not found.proven
    assert "does not end" in found.detail
    assert found.requests <= len(LIMITS) * (2 * 20 + 11)


def test_without_a_total_nothing_is_proven() -> None:
    found = scanned(Moving(crowd(3), count=lambda _: None))
    assert not found.proven
    assert found.total is None
    assert "has no totalCount" in found.detail


@pytest.mark.parametrize("off", [-1, 1, 5])
def test_a_total_that_is_off_proves_nothing_however_often_it_is_read(off: int) -> None:
    found = scanned(Moving(crowd(12), count=lambda total: total + off))
    assert not found.proven
    assert found.requests == len(LIMITS)
    assert f"has 12 patients, but its totalCount is {12 + off}" in found.detail


@pytest.mark.parametrize("off", [-1, 1, None])
def test_agree_twice_takes_two_equal_scans_for_the_truth(off: int | None) -> None:
    reader = Moving(crowd(12), count=lambda total: None if off is None else total + off)
    found = scanned(reader, ScanPolicy.AGREE_TWICE)
    assert is_the_truth(found, reader)
    assert found.requests == 2


def test_agree_twice_wants_the_same_patients_twice() -> None:
    leaving = {number: partial(Moving.delete, number=number) for number in (1, 2, 3)}
    reader = Moving(crowd(12), {**leaving}, count=lambda _: None)
    assert not scanned(reader, ScanPolicy.AGREE_TWICE).proven


def test_agree_twice_does_not_accept_a_list_without_an_end() -> None:
    assert not scanned(Scripted(page([1], 9, "a"), page([2], 9, "a")), ScanPolicy.AGREE_TWICE).proven


def test_a_total_that_fits_is_proven_under_agree_twice_with_one_scan() -> None:
    assert scanned(Moving(crowd(12)), ScanPolicy.AGREE_TWICE).requests == 1


def test_a_patient_without_an_id_is_an_error() -> None:
    reader = Scripted(PatientsPage((LivePatient("", "M-1"),), 1, None))
    with pytest.raises(ApiError, match="no id"):
        scanned(reader)


def test_a_page_that_cannot_be_had_is_an_error_and_not_an_empty_list() -> None:
    class Broken(Moving):
        async def patients(self, limit: int, start: str | None) -> PatientsPage:
            raise ApiError("GET /v1/patients: 503")

    with pytest.raises(ApiError, match="503"):
        scanned(Broken([]))


async def test_the_next_page_is_asked_for_before_one_is_kept() -> None:
    events: list[str] = []

    class Listening(Moving):
        async def patients(self, limit: int, start: str | None) -> PatientsPage:
            events.append("asked")
            await asyncio.sleep(0)
            return await super().patients(limit, start)

    def keep(patients: Iterable[LivePatient]) -> Iterable[LivePatient]:
        events.append("kept")
        return patients

    found = await scan(Listening(crowd(1100)), ScanPolicy.COUNT, keep)
    assert found.proven
    assert events == ["asked", "asked", "kept", "asked", "kept", "kept"]


async def test_a_page_that_cannot_be_kept_leaves_no_request_behind() -> None:
    ended: list[str] = []

    class Slow(Moving):
        async def patients(self, limit: int, start: str | None) -> PatientsPage:
            try:
                await asyncio.sleep(0 if start is None else 3600)
            finally:
                ended.append("ended")
            return await super().patients(limit, start)

    def keep(patients: Iterable[LivePatient]) -> Iterable[LivePatient]:
        raise ApiError("it cannot be kept")

    with pytest.raises(ApiError, match="cannot be kept"):
        await scan(Slow(crowd(1100)), ScanPolicy.COUNT, keep)
    assert ended == ["ended", "ended"]
