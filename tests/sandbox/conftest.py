from collections.abc import Callable, Iterator

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.quirks import Quirks


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def account(clock: ManualClock) -> Iterator[Account]:
    with Account(now=clock, seed=1) as opened:
        yield opened


@pytest.fixture
def connect(account: Account, clock: ManualClock) -> Callable[..., httpx.AsyncClient]:
    def connected(quirks: Quirks | None = None, faults: Faults | None = None) -> httpx.AsyncClient:
        app = create_app(account, quirks, faults, sleep=clock.sleep)
        transport = httpx.ASGITransport(app)
        return httpx.AsyncClient(
            transport=transport, base_url="http://sandbox.example.com", auth=(API_KEY, "")
        )

    return connected


@pytest.fixture
def joe() -> dict[str, str]:
    return {"mrn": "JS-20000721", "dob": "2000-07-21", "email": "joe@example.com"}
