"""The real command on a state in PostgreSQL: its server is killed, it is killed, and several run at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kardia_ctl.state.postgres.postgres_store import PostgresStore
from tests.attacks.processes import Site, ended, site, until
from tests.state.postgres_server import PostgresServer

_YAML = "version: 1\nsettle: 3s\nstate: {url}\ncohorts: {{c: {{source: c.csv}}}}\n"
_SLOW = {"latency": [0.05, 0.1]}


@contextmanager
def placed(tmp_path: Path, url: str, count: int) -> Iterator[Site]:
    with site(tmp_path, count=count, faults=_SLOW, yaml=_YAML.format(url=url)) as place:
        yield place


def is_complete(place: Site, url: str, count: int) -> None:
    """Nothing twice, nothing lost, and nothing left to do."""
    code, out, err = place.run("apply", "--auto-approve")
    assert code == 0, out + err
    assert place.live() == count
    assert len({patient.mrn for patient in place.account.patients.all()}) == count
    state = PostgresStore(url, "default").load()
    assert (len(state.patients), state.intents) == (count, {})
    code, out, _ = place.run("plan", "--detailed-exitcode")
    assert (code, "No changes." in out) == (0, True)


def test_a_server_that_dies_during_an_apply_ends_it_and_the_next_one_makes_it_good(
    tmp_path: Path, mortal: PostgresServer
) -> None:
    url = mortal.url()
    with placed(tmp_path, url, 60) as place:
        running = place.start("apply", "--auto-approve", "--parallelism", "4")
        until(lambda: place.live() > 10, running)
        mortal.stop(signal.SIGQUIT)
        code, _, err = ended(running)
        assert code == 1
        assert "Traceback" not in err
        assert "the connection to the server was lost" in err
        assert "apply again; it settles what is in doubt" in err
        assert 10 < place.live() < 60
        code, _, err = place.run("apply", "--auto-approve")
        assert (code, "nothing answers there (connection refused)" in err) == (1, True)
        mortal.start()
        is_complete(place, url, 60)


def test_a_killed_run_is_made_good_by_the_next_one(tmp_path: Path, url: str) -> None:
    with placed(tmp_path, url, 40) as place:
        for least in (5, 15):
            running = place.start("apply", "--auto-approve", "--parallelism", "4")
            until(lambda least=least: place.live() > least, running)  # type: ignore[misc]
            running.kill()
            ended(running)
        assert place.live() < 40
        is_complete(place, url, 40)


def test_of_two_applies_at_once_one_is_told_of_the_other(tmp_path: Path, url: str) -> None:
    with placed(tmp_path, url, 12) as place:
        for _ in range(2):
            both = [place.start("apply", "--auto-approve") for _ in "ab"]
            results = [ended(process) for process in both]
            codes = [code for code, _, _ in results]
            assert 0 in codes, results
            refused = [err for code, _, err in results if code]
            assert all("is locked: " in err for err in refused), refused
        is_complete(place, url, 12)
