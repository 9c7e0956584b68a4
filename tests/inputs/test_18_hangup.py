"""Input 18: a hangup ends an apply in order, and is ignored under nohup."""

from pathlib import Path
from signal import SIGHUP

from tests.attacks.processes import ended, site, until
from tests.inputs.test_17_interrupted_twice import APPLY, ends_in_order


def test_a_hangup_ends_in_order(tmp_path: Path) -> None:
    ends_in_order(tmp_path, "18-hangup", SIGHUP)


def test_under_nohup_a_hangup_is_ignored(tmp_path: Path) -> None:
    with site(tmp_path, count=4, faults={"latency": [0.3, 0.3]}) as here:
        process = here.start(*APPLY, shell="trap '' HUP; \"$@\"")
        until(lambda: here.live() >= 1, process)
        process.send_signal(SIGHUP)
        assert ended(process)[0] == 0
        assert here.live() == 4
