"""What an apply does where its state cannot show other writers: in CI it is refused, elsewhere it says so."""

import pytest

from tests.cli.conftest import Desk

_NEW = "the state is new, and "
_REFUSED = "CI is set, and there is no state"


@pytest.fixture
def job(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk, in a job of a CI system."""
    monkeypatch.setenv("CI", "true")
    return desk


def declare(desk: Desk, state: str) -> None:
    desk.edit(lambda text: f"{text}state: {state}\n")


def test_a_job_does_not_apply_with_a_state_that_it_loses(job: Desk) -> None:
    ran = job.apply()
    assert (ran.code, ran.requests, job.account.patients.all()) == (1, [], [])
    assert _REFUSED in ran.err
    for way in ("state: sqlite:////kept/", "keep .kardia/", "state: ephemeral"):
        assert way in ran.err
    assert not (job.path / ".kardia" / "state.db").exists()


@pytest.mark.parametrize(
    ("state", "file"),
    [
        ("ephemeral", ".kardia/state.db"),
        ("sqlite:///.kardia/state.db", ".kardia/state.db"),
        ("sqlite:///kept/state.db", "kept/state.db"),
    ],
)
def test_a_job_applies_with_a_declared_state(job: Desk, state: str, file: str) -> None:
    declare(job, state)
    ran = job.apply()
    assert ran.code == 0, ran.err
    assert len(job.account.patients.all()) == 3
    assert (job.path / file).exists()


@pytest.mark.parametrize("url", ["s3://bucket/state", "postgresql://127.0.0.1:1/state"])
def test_a_job_does_not_write_to_a_server_with_a_key_that_it_loses(job: Desk, url: str) -> None:
    declare(job, url)
    ran = job.apply()
    assert (ran.code, ran.requests) == (1, [])
    assert "KARDIA_STATE_KEY" in ran.err
    assert "KARDIA_STATE_ENCRYPTION_KEY" in ran.err
    assert not (job.path / ".kardia" / "key").exists()


def test_with_a_key_it_goes_on_to_the_server(job: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_STATE_KEY", "an invented key that outlives a job")
    declare(job, "postgresql://127.0.0.1:1/state")
    assert "the state postgresql://127.0.0.1:1/state" in job.apply().err


def test_a_job_applies_with_a_state_that_was_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.apply().code == 0
    monkeypatch.setenv("CI", "1")
    assert desk.apply().code == 0


def test_a_job_may_use_the_embedded_sandbox_and_plan(job: Desk) -> None:
    assert job.apply("--sandbox").code == 0
    assert job.plan("--out", str(job.path / "saved.plan")).code == 0


def test_a_saved_plan_is_refused_too(job: Desk) -> None:
    plan = str(job.path / "saved.plan")
    assert job.plan("--out", plan).code == 0
    ran = job.run("apply", plan)
    assert (ran.code, ran.requests) == (1, [])
    assert _REFUSED in ran.err


def test_a_new_state_beside_live_patients_is_said_before_the_first_write(desk: Desk) -> None:
    first = desk.apply()
    assert first.code == 0, first.err
    assert _NEW not in first.err
    desk.lose_state()
    desk.edit(lambda text: text.replace("hooks.example.com/kardia}", "hooks.example.com/other}"))
    ran = desk.apply()
    assert f"Warning: {_NEW}3 patients are live already" in ran.err
    assert ran.requests[-1].startswith(("PUT", "POST"))
    again = desk.apply()
    assert _NEW not in again.err
