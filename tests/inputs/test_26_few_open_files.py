"""Input 26: with few open files fewer requests are in flight, or the run ends before its first write."""

import shutil
from pathlib import Path

import pytest

from tests.attacks.processes import site

_FOLDER = Path(__file__).parent / "26-few-open-files"


@pytest.mark.parametrize("limit", [40, 52])
def test_fewer_are_in_flight(tmp_path: Path, limit: int) -> None:
    with site(tmp_path) as here:
        shutil.copytree(_FOLDER, here.path, dirs_exist_ok=True)
        code, out, err = here.run(
            "apply", "--auto-approve", "--parallelism", "64", shell=f'ulimit -n {limit}; "$@"'
        )
        assert code == 0, out + err
        assert f"only {limit} files may be open (ulimit -n)" in err
        assert here.live() == 300
        assert "check the network" not in out + err


def test_too_few_end_the_run_before_a_request(tmp_path: Path) -> None:
    with site(tmp_path) as here:
        code, _, err = here.run("apply", "--auto-approve", shell='ulimit -n 22; "$@"')
        assert (code, len(here.account.requests.all())) == (1, 0)
        assert "too many open files" in err
        assert "ulimit -n" in err
