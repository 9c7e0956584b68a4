"""Canaries see addresses as a pipe and a CI job do."""

import pytest


@pytest.fixture(autouse=True)
def addresses_as_on_a_terminal() -> None:
    """Nothing is shown as on a terminal."""
