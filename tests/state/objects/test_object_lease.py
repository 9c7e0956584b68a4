"""Who holds the lock, and when it may be taken."""

import json
from contextlib import ExitStack

import pytest

from kardia_ctl.ci_job import ci_job
from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.objects.lease import LEASE, Lease, Watch
from kardia_ctl.state.objects.object_errors import meaning_of
from tests.state.objects.memory_bucket import Line, MemoryBucket, no_renewal


def test_a_holder_that_lives_is_named_with_its_ci_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_JOB_URL", "https://ci.example.com/job/7")
    bucket = MemoryBucket()
    with (
        Line(bucket).store().lock("apply"),
        pytest.raises(
            LockHeld, match=r"\(https://ci.example.com/job/7\)\. It is alive: its heartbeat was seen"
        ),
        Line(bucket).store().lock("apply"),
    ):
        pass


def test_a_lease_that_cannot_be_read_is_respected_for_a_minute() -> None:
    assert Lease.decoded(b"nonsense") == Lease(None, 60.0, "")
    assert Lease.decoded(b"{}").seconds == 60.0


def test_a_lease_comes_back_as_it_was_written() -> None:
    lease = Lease.new(LockInfo.of_this_process("apply", "default", "now", "s3://a/b"), 30.0, "https://x")
    assert Lease.decoded(lease.next().encoded()) == lease.next()
    assert json.loads(lease.encoded())["lock"]["Who"]


def test_an_observer_counts_by_its_own_clock_from_the_last_change() -> None:
    now = [0.0]
    watch = Watch(lambda: now[0])
    assert (watch.silent_for("a"), watch.moved) == (0.0, False)
    now[0] = 9.0
    assert (watch.silent_for("a"), watch.moved) == (9.0, False)
    assert (watch.silent_for("b"), watch.moved) == (0.0, True)
    now[0] = 19.0
    assert watch.silent_for("b") == 10.0


def test_a_plan_is_told_of_a_run_that_lives_and_of_one_that_died() -> None:
    bucket = MemoryBucket()
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(RuntimeError))
        stack.enter_context(Line(bucket, before=no_renewal).store().lock("apply"))
        reader = Line(bucket).store()
        reader._now = lambda: 0.0
        assert reader.activity().endswith("is running")
        reader._now = lambda: 1e6
        assert reader.activity().endswith("ended without finishing")
        raise RuntimeError
    assert Line(bucket).store().activity().endswith("ended without finishing")


@pytest.mark.parametrize("broken", ["honours_create", "honours_swap"])
def test_a_server_that_does_not_refuse_a_stale_write_is_refused(broken: str) -> None:
    bucket = MemoryBucket()
    setattr(bucket, broken, False)
    with pytest.raises(StateError, match="does not refuse a stale write"), Line(bucket).store().lock("apply"):
        pass
    assert LEASE not in bucket.objects
    assert bucket.objects == {}


def test_the_first_run_alone_tries_the_server() -> None:
    bucket = MemoryBucket()
    tried: list[str] = []
    for _ in range(2):
        line = Line(bucket, before=lambda operation, name: tried.append(f"{operation} {name}"))
        with line.store().lock("apply"):
            pass
    assert sum(name.startswith("create probe") for name in tried) == 2


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, ""),
        (
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"},
            "https://github.com/a/b/actions/runs/7",
        ),
        ({"CI_JOB_URL": "https://gitlab.example.com/j/1"}, "https://gitlab.example.com/j/1"),
        (
            {"BITBUCKET_BUILD_NUMBER": "7", "BITBUCKET_GIT_HTTP_ORIGIN": "https://bitbucket.org/a/b"},
            "https://bitbucket.org/a/b/addon/pipelines/home#!/results/7",
        ),
        (
            {
                "SYSTEM_COLLECTIONURI": "https://dev.azure.com/a/",
                "SYSTEM_TEAMPROJECT": "b",
                "BUILD_BUILDID": "7",
            },
            "https://dev.azure.com/a/b/_build/results?buildId=7",
        ),
    ],
)
def test_the_page_of_the_ci_run(values: dict[str, str], url: str) -> None:
    assert ci_job(values).get("url", "") == url


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("404 <Code>NoSuchBucket</Code>", "FileNotFoundError", "the bucket or container does not exist"),
        ("403 Forbidden <Key>SECRET</Key>", "PermissionDeniedError", "access was denied"),
        ("<Code>InvalidAccessKeyId</Code>SECRET", "GenericError", "refused: wrong or expired"),
        ("<Code>RequestTimeTooSkewed</Code>", "PermissionDeniedError", "clock differs"),
        ("PUT http://169.254.169.254/latest/api/token", "GenericError", "no credentials were found"),
        ("301 Moved Permanently PermanentRedirect", "GenericError", "another region"),
        ("503 Service Unavailable SlowDown", "GenericError", "busy"),
        ("HTTP error: operation timed out", "GenericError", "did not answer in time"),
        ("HTTP error: error sending request SECRET", "GenericError", "cannot be reached"),
        ("SECRET", "GenericError", "the client reported GenericError"),
    ],
)
def test_an_error_says_what_it_means_and_what_to_do_and_nothing_else(text: str, kind: str, what: str) -> None:
    meaning = meaning_of(text, kind)
    assert what in meaning
    assert ". Next: " in meaning
    assert "SECRET" not in meaning
