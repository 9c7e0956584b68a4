"""Input 17: two signals at once are one; what is under way ends and is reported."""

import json
import shutil
import time
from pathlib import Path
from signal import SIGINT

from tests.attacks.processes import ended, site, until

HERE = Path(__file__).parent
APPLY = ("apply", "--auto-approve", "--parallelism", "2", "--results", "r.csv")


def ends_in_order(tmp_path: Path, folder: str, *signals: int) -> None:
    """Check that an apply of an input ends in order after signals half a second apart."""
    faults = json.loads((HERE / folder / "f.json").read_text())
    with site(tmp_path, faults=faults) as here:
        shutil.copytree(HERE / folder, here.path, dirs_exist_ok=True)
        process = here.start(*APPLY)
        until(lambda: here.live() >= 2, process)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.5)
        code, out, err = ended(process)
        statuses = [line.split(",")[2] for line in (here.path / "r.csv").read_text().splitlines()[1:]]
        assert (code, "Apply incomplete:" in out, "aborted" in err) == (1, True, False)
        assert statuses.count("done") == here.live()
        assert set(statuses) == {"done", "skipped"}
        assert here.intents() == []


def test_two_signals_within_a_second_are_one(tmp_path: Path) -> None:
    ends_in_order(tmp_path, "17-interrupted-twice", SIGINT, SIGINT)
