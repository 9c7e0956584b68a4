"""The browser that pages are looked at in."""

import os
from collections.abc import Iterator

import pytest

from tests.browser.chromium import NAMES, Browser, browser, found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = found()
    if program is None:
        if os.environ.get("TESTS_IN_CI"):
            pytest.fail(f"CI needs a browser, and none of {', '.join(NAMES)} is there")
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    with browser(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened
