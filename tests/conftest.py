"""What every test may use."""

import os

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Under CI apply refuses a new local state: a test that is about that sets CI itself. What only a CI system
# must have (a browser, poppler, curl) asks for this variable instead.
if os.environ.get("CI"):
    os.environ["TESTS_IN_CI"] = os.environ.pop("CI")

# No test reads the keyring of whoever runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="Write the golden files of the cases anew instead of comparing with them.",
    )
