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
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.data.values import PatientFields, RecordingFields

Connect = Callable[..., httpx.AsyncClient]
DAY = 86_400


def opened(response: httpx.Response) -> PdfReader:
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-1.7")
    return PdfReader(BytesIO(response.content), strict=True)


@pytest.fixture
def owner(account: Account) -> str:
    return account.patients.add(PatientFields("A(1\\", "2000-07-21", "a@example.com", "Zoë", "Trø\u4e16"))


async def test_a_recordings_pdf_opens_and_names_what_it_shows(
    connect: Connect, account: Account, owner: str
) -> None:
    fields = RecordingFields(owner, 30_000, 71, "afib", "(Fine.)", ("Coffee",), leads=6)
    recording = account.recordings.add(fields)
    (page,) = opened(await connect().get(f"/v1/recordings/{recording.id}.pdf")).pages
    text = page.extract_text()
    for part in ("Zoë Trø?, born 2000-07-21, A(1\\", "afib", "71 bpm", "30 s", "6 lead", "(Fine.)", "Coffee"):
        assert part in text


@pytest.mark.skipif(
    not os.environ.get("TESTS_IN_CI") and shutil.which("pdftoppm") is None, reason="poppler is not installed"
)
async def test_poppler_draws_it(connect: Connect, account: Account, owner: str, tmp_path: Path) -> None:
    recording = account.recordings.add(RecordingFields(owner))
    response = await connect().get(f"/v1/recordings/{recording.id}.pdf")
    stderr, pixels = drawn(response.content, tmp_path)
    assert stderr == ""
    assert len(set(pixels)) > 1, "the page is blank"


def drawn(pdf: bytes, folder: Path) -> tuple[str, bytes]:
    """Return poppler's complaints and the pixels of a PDF's only page."""
    (folder / "ecg.pdf").write_bytes(pdf)
    command = ["pdftoppm", "-r", "20", "ecg.pdf", "page"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    (page,) = folder.glob("page-*.ppm")
    magic, _, rest = page.read_bytes().partition(b"\n255\n")
    assert magic.startswith(b"P6")
    return done.stderr, rest


async def test_a_summary_report_holds_the_last_30_days_unless_told_otherwise(
    connect: Connect, account: Account, owner: str, clock: ManualClock
) -> None:
    now = clock()  # 2023-11-14T22:13:20Z
    for days, note in ((40, "long ago"), (20, "recent"), (1, "yesterday")):
        account.recordings.add(RecordingFields(owner, note=note), recorded_at=now - days * DAY)
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


async def test_a_long_report_says_how_much_it_leaves_out(
    connect: Connect, account: Account, owner: str
) -> None:
    for _ in range(70):
        account.recordings.add(RecordingFields(owner))
    (page,) = opened(await connect().get(f"/v1/patients/{owner}/summaryReport")).pages
    text = page.extract_text()
    assert "70 recordings" in text
    assert text.count("   normal   ") + int(text.partition("... and ")[2].partition(" more")[0]) == 70


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
