"""Input 19: a state without its log, and a state with another key, are one message each."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.attacks.processes import Site, ended, site, until

_FOLDER = Path(__file__).parent / "19-state-in-parts"


def copied(here: Site, part: str) -> Site:
    shutil.copytree(_FOLDER / part, here.path, dirs_exist_ok=True)
    return here


def test_a_state_that_was_taken_from_a_killed_run_without_its_log_is_known_as_a_part(tmp_path: Path) -> None:
    faults = json.loads((_FOLDER / "a" / "f.json").read_text())
    with site(tmp_path, faults=faults) as opened:
        here = copied(opened, "a")
        process = here.start("apply", "--auto-approve")
        until(lambda: here.live() >= 2, process)
        process.kill()
        ended(process)
        live = here.live()
        other = replace(here, path=tmp_path / "checkout")
        shutil.copytree(here.path, other.path, ignore=shutil.ignore_patterns("state.db-*", "state.db.lock"))
        for command in ("plan", "apply"):
            code, out, err = other.run(command, *(["--auto-approve"] if command == "apply" else []))
            assert code == 1
            assert "state.db-wal" in out + err
        assert here.live() >= live
        assert len({patient.mrn for patient in here.account.patients.all()}) == here.live()


@pytest.mark.parametrize("part", ["b", "v1"])
@pytest.mark.parametrize("key", [b"", b"\x01" * 32], ids=["lost", "another"])
def test_another_key_is_one_message(tmp_path: Path, part: str, key: bytes) -> None:
    with site(tmp_path) as opened:
        here = copied(opened, part)
        assert here.run("apply", "--auto-approve")[0] == 0
        sent = len(here.account.requests.all())
        file = here.path / ".kardia" / "key"
        if key:
            file.write_bytes(key)
        else:
            file.unlink()
        for command in ("plan", "apply"):
            code, out, err = here.run(command, *(["--auto-approve"] if command == "apply" else []))
            assert code == 1
            assert err.count("the state was written with another key") == 1
            assert "put that key back" in err
            assert out == ""
            assert str(file.relative_to(here.path)) in err
        assert len(here.account.requests.all()) == sent
