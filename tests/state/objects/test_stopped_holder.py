"""The real command, stopped past its lease and continued after another one has taken over."""

import signal
import uuid
from pathlib import Path

from tests.attacks.processes import ended, site, until
from tests.state.object_servers import s3_server

_PEOPLE = 24


def test_an_apply_that_slept_past_its_lease_is_refused_and_nobody_is_created_twice(tmp_path: Path) -> None:
    yaml = f"""version: 1
settle: 1s
state: s3://clinic-state/{uuid.uuid4().hex}?lease=2
cohorts: {{c: {{source: c.csv}}}}
"""
    slow = {"latency": [0.1, 0.1]}
    with s3_server() as values, site(tmp_path, count=_PEOPLE, faults=slow, yaml=yaml) as place:
        place.environ |= values
        stopped = place.start("apply", "--auto-approve", "--parallelism", "2")
        until(lambda: place.live() >= 4, stopped)
        stopped.send_signal(signal.SIGSTOP)
        before = place.live()
        code, out, err = place.run("apply", "--auto-approve")
        assert (code, place.live()) == (0, _PEOPLE), (out, err)
        stopped.send_signal(signal.SIGCONT)
        code, out, err = ended(stopped)
        assert before < _PEOPLE
        assert code == 1
        assert "another run has taken it over: apply by" in err
        assert place.live() == place.posts() == _PEOPLE
        code, out, err = place.run("plan", "--detailed-exitcode")
        assert code == 0, (out, err)
        assert "No changes" in out
