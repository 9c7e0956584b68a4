"""PDFs: a reader of them opens each, and finds in it what it is about."""

import os
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.ecg_recordings import Draft
from kardia_ctl.sandbox.clock import ManualClock
from kardia_ctl.sandbox.data.invented_ecg import Trace
from kardia_ctl.sandbox.data.pdf import strips
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.sandbox.data.waveform import samples

Connect = Callable[..., httpx.AsyncClient]
DAY = 86_400


def opened(response: httpx.Response) -> PdfReader:
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-1.7")
    return PdfReader(BytesIO(response.content), strict=True)


@pytest.fixture
def owner(account: Account) -> str:
    return account.add_patient(PatientFields("A(1\\", "2000-07-21", "a@example.com", "Zoë", "Trø\u4e16"))


@pytest.mark.parametrize(
    ("leads", "duration", "pages"), [(1, 30_000, 1), (6, 30_000, 3), (1, 60_000, 2), (1, 1000, 1)]
)
async def test_a_recordings_pdf_opens_and_names_what_it_shows(
    connect: Connect, account: Account, owner: str, leads: int, duration: int, pages: int
) -> None:
    one = account.life.record(Draft(owner, duration, 71, "afib", "(Fine.)", ("Coffee",), leads=leads))
    reader = opened(await connect().get(f"/v1/recordings/{one.id}.pdf"))
    assert len(reader.pages) == pages
    for page in reader.pages:
        text = page.extract_text()
        for part in ("Zoë Trø?, born 2000-07-21, A(1\\", "afib", "71 bpm", "(Fine.)", "Coffee", "leadI"):
            assert part in text
    strip = reader.pages[0].get_contents()
    assert strip is not None
    assert strip.get_data().count(b" l\n") > 150 * min(duration / 1000, 10)


@pytest.mark.skipif(
    not os.environ.get("CI") and shutil.which("pdftoppm") is None, reason="poppler is not installed"
)
def test_poppler_draws_it(tmp_path: Path) -> None:
    leads = samples(Trace(1, "normal", 65, 30_000, 6), enhanced=True)
    (tmp_path / "ecg.pdf").write_bytes(strips("ECG recording", ["Nobody", "65 bpm"], leads))
    done = subprocess.run(
        ["pdftoppm", "-r", "20", "ecg.pdf", "page"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert len(list(tmp_path.glob("page-*.ppm"))) == 3


async def test_a_summary_report_holds_the_last_30_days_unless_told_otherwise(
    connect: Connect, account: Account, owner: str, clock: ManualClock
) -> None:
    now = clock()  # 2023-11-14T22:13:20Z
    for days, note in ((40, "long ago"), (20, "recent"), (1, "yesterday")):
        account.life.record(Draft(owner, note=note), recorded_at=now - days * DAY)
    client, path = connect(), f"/v1/patients/{owner}/summaryReport"

    async def text(**params: str) -> str:
        return "".join(page.extract_text() for page in opened(await client.get(path, params=params)).pages)

    plain = await text()
    assert "From 10/15/2023 to 11/14/2023: 2 recordings" in plain
    assert ("recent" in plain, "yesterday" in plain, "long ago" in plain) == (True, True, False)
    iso = await text(startTime="2023-09-01T00:00:00Z", endTime="2023-11-01T00:00:00+05:00", dateFormat="iso")
    assert "From 2023-09-01 to 2023-10-31: 2 recordings" in iso
    assert ("long ago" in iso, "recent" in iso, "yesterday" in iso) == (True, True, False)
    assert "0 recordings" in await text(endTime="2020-01-01T00:00:00Z")


async def test_a_long_report_takes_more_pages(connect: Connect, account: Account, owner: str) -> None:
    for _ in range(70):
        account.life.record(Draft(owner))
    assert len(opened(await connect().get(f"/v1/patients/{owner}/summaryReport")).pages) == 3


@pytest.mark.parametrize(
    "query",
    [
        "dateFormat=eu",
        "startTime=2021-03-15",
        "startTime=yesterday",
        "startTime=2021-13-15T15:04:05Z",
        "startTime=2021-03-15T15:04:05",
        "startTime=2021-04-15T15:04:05Z&endTime=2021-03-15T15:04:05Z",
        "endTime=0001-01-01T00:00:00Z",
        "endTime=0001-01-01T00:00:00%2B05:00",
    ],
)
async def test_a_wrong_span_or_format_is_400(connect: Connect, owner: str, query: str) -> None:
    response = await connect().get(f"/v1/patients/{owner}/summaryReport?{query}")
    assert response.status_code == 400
