"""Pages of the patient list under every kind of cursor."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.sandbox.quirks import CursorStyle, Quirks

Connect = Callable[..., httpx.AsyncClient]


async def page(client: httpx.AsyncClient, limit: int, start: str | None = None) -> Any:
    params = {"limit": str(limit)} | ({} if start is None else {"start": start})
    response = await client.get("/v1/patients", params=params)
    assert response.status_code == 200
    return response.json()


async def scan(client: httpx.AsyncClient, limit: int) -> list[str]:
    found: list[str] = []
    start = None
    while True:
        answer = await page(client, limit, start)
        found += [patient["mrn"] for patient in answer["patients"]]
        start = answer["pageInfo"]["endCursor"]
        if not answer["pageInfo"]["hasNextPage"]:
            return found


def newest_first(account: Account) -> list[str]:
    return [patient.mrn for patient in account.patients.all()]


@pytest.mark.parametrize("style", list(CursorStyle))
@pytest.mark.parametrize("limit", [1, 3, 10, 11, 500])
async def test_a_quiet_list_is_whole_and_newest_first(
    connect: Connect, account: Account, style: CursorStyle, limit: int
) -> None:
    account.patients.seed(10)
    found = await scan(connect(Quirks(cursor_style=style)), limit)
    assert found == newest_first(account) == [f"SB-{number:07}" for number in range(10, 0, -1)]


async def test_a_full_last_page_says_that_it_is_the_last(connect: Connect, account: Account) -> None:
    account.patients.seed(4)
    client = connect()
    first = await page(client, 2)
    last = await page(client, 2, first["pageInfo"]["endCursor"])
    assert [answer["pageInfo"]["hasNextPage"] for answer in (first, last)] == [True, False]


async def test_an_empty_list_is_one_empty_page(connect: Connect) -> None:
    assert await page(connect(), 1) == {
        "totalCount": 0,
        "patients": [],
        "pageInfo": {"startCursor": "", "endCursor": "", "hasNextPage": False},
    }


async def test_a_page_holds_100_unless_asked_otherwise(connect: Connect, account: Account) -> None:
    account.patients.seed(101)
    answer = (await connect().get("/v1/patients")).json()
    assert (len(answer["patients"]), answer["totalCount"]) == (100, 101)
    assert answer["pageInfo"]["hasNextPage"] is True


async def test_the_start_cursor_leads_past_the_first_patient(connect: Connect, account: Account) -> None:
    account.patients.seed(3)
    client = connect()
    first = await page(client, 3)
    again = await page(client, 3, first["pageInfo"]["startCursor"])
    assert again["patients"] == first["patients"][1:]


@pytest.mark.parametrize("style", list(CursorStyle))
async def test_a_cursor_has_to_be_percent_encoded(
    connect: Connect, account: Account, style: CursorStyle
) -> None:
    account.patients.seed(3)
    client = connect(Quirks(cursor_style=style))
    cursor = (await page(client, 1))["pageInfo"]["endCursor"]
    assert {"+", "/", "="} <= set(cursor)
    assert (await client.get(f"/v1/patients?start={cursor}")).status_code == 400


@pytest.mark.parametrize("style", list(CursorStyle))
async def test_a_cursor_that_was_tampered_with_is_400(
    connect: Connect, account: Account, style: CursorStyle
) -> None:
    account.patients.seed(3)
    client = connect(Quirks(cursor_style=style))
    cursor = (await page(client, 1))["pageInfo"]["endCursor"]
    for place in range(len(cursor)):
        wrong = cursor[:place] + ("B" if cursor[place] == "A" else "A") + cursor[place + 1 :]
        for start in (wrong, cursor[:place], cursor[place + 1 :]):
            assert (await client.get("/v1/patients", params={"start": start})).status_code == 400


async def test_a_cursor_of_another_style_is_400(connect: Connect, account: Account) -> None:
    account.patients.seed(3)
    cursor = (await page(connect(), 1))["pageInfo"]["endCursor"]
    client = connect(Quirks(cursor_style=CursorStyle.OFFSET))
    assert (await client.get("/v1/patients", params={"start": cursor})).status_code == 400


async def test_an_exact_cursor_outlives_its_patient_and_ignores_newer_ones(
    connect: Connect, account: Account
) -> None:
    account.patients.seed(4)
    client = connect()
    first = await page(client, 2)
    account.patients.remove(first["patients"][-1]["id"])
    account.patients.add(PatientFields("NEW", "2000-07-21", "new@example.com"))
    second = await page(client, 2, first["pageInfo"]["endCursor"])
    assert [patient["mrn"] for patient in second["patients"]] == ["SB-0000002", "SB-0000001"]


async def test_an_offset_cursor_repeats_a_patient_when_another_comes(
    connect: Connect, account: Account
) -> None:
    account.patients.seed(4)
    client = connect(Quirks(cursor_style=CursorStyle.OFFSET))
    first = await page(client, 2)
    account.patients.add(PatientFields("NEW", "2000-07-21", "new@example.com"))
    second = await page(client, 2, first["pageInfo"]["endCursor"])
    assert second["patients"][0] == first["patients"][-1]


async def test_an_offset_cursor_skips_a_patient_when_another_goes(connect: Connect, account: Account) -> None:
    account.patients.seed(4)
    client = connect(Quirks(cursor_style=CursorStyle.OFFSET))
    first = await page(client, 2)
    account.patients.remove(first["patients"][0]["id"])
    second = await page(client, 2, first["pageInfo"]["endCursor"])
    assert [patient["mrn"] for patient in second["patients"]] == ["SB-0000001"]


async def test_a_second_cursor_loses_the_rows_that_share_its_second(
    connect: Connect, account: Account
) -> None:
    account.patients.seed(6, per_second=2)
    whole, odd = Quirks(), Quirks(cursor_style=CursorStyle.SECOND)
    assert await scan(connect(whole), 3) == newest_first(account)
    assert await scan(connect(odd), 3) == [mrn for mrn in newest_first(account) if mrn != "SB-0000003"]
    assert await scan(connect(odd), 500) == newest_first(account)
    assert (await page(connect(odd), 3))["totalCount"] == 6


@pytest.mark.parametrize("style", list(CursorStyle))
async def test_a_capped_page_still_leads_on(connect: Connect, account: Account, style: CursorStyle) -> None:
    account.patients.seed(7)
    client = connect(Quirks(cursor_style=style, page_cap=2))
    assert len((await page(client, 500))["patients"]) == 2
    assert await scan(client, 500) == newest_first(account)


async def test_the_count_may_be_off(connect: Connect, account: Account) -> None:
    account.patients.seed(3)
    assert (await page(connect(Quirks(total_count_offset=2)), 3))["totalCount"] == 5
    assert (await page(connect(Quirks(total_count_offset=-9)), 3))["totalCount"] == 0


async def test_patients_of_one_moment_are_listed_latest_first(
    connect: Connect, account: Account, clock: ManualClock
) -> None:
    for number in range(5):
        account.patients.add(PatientFields(f"A-{number}", "2000-07-21", "a@example.com"))
    assert await scan(connect(), 2) == ["A-4", "A-3", "A-2", "A-1", "A-0"]
