"""Input 43: an empty NO_COLOR is none, and CI is what CI systems set: a person's terminal shows values."""

import shutil
from pathlib import Path

import pytest

from tests.attacks.processes import in_terminal, site

_FOLDER = Path(__file__).parent / "43-no-color-empty"
GREEN = b"\x1b[32m"
VALUE = b"v1@example.com"


def _shown(tmp_path: Path, **environ: str) -> bytes:
    """What a plan of the input prints on a terminal."""
    with site(tmp_path, count=0) as here:
        shutil.copytree(_FOLDER, here.path, dirs_exist_ok=True)
        here.environ |= environ
        terminal = in_terminal(here, "plan")
        terminal.read_until("Requests:")
        assert terminal.end() == 0, terminal.text
        return terminal.text


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"NO_COLOR": ""},
        {"CI": ""},
        {"CI": "false"},
        {"CI": "False"},
        {"CI": "0"},
        {"CI": "no"},
        {"CI": " false "},
        {"NO_COLOR": "", "CI": "", "TERM": "xterm-256color"},
    ],
    ids=str,
)
def test_what_is_not_set_changes_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    shown = _shown(tmp_path, **environ)
    assert GREEN in shown
    assert VALUE in shown


@pytest.mark.parametrize("value", ["1", "0", "false", " "])
def test_any_other_value_of_no_color_is_meant(tmp_path: Path, value: str) -> None:
    """As https://no-color.org says: whatever the value is."""
    shown = _shown(tmp_path, NO_COLOR=value)
    assert b"\x1b[3" not in shown
    assert VALUE in shown


@pytest.mark.parametrize("value", ["true", "1", "TRUE", "woodpecker"])
def test_in_a_ci_job_values_are_hidden_on_a_terminal_too(tmp_path: Path, value: str) -> None:
    shown = _shown(tmp_path, CI=value)
    assert VALUE not in shown
