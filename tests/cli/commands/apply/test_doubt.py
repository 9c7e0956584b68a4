"""A create whose answer is lost, through the whole command: looked for, never sent again on a guess."""

from collections import Counter
from collections.abc import Iterator

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.cli.conftest import Desk

CREATE = "POST /v1/patients"


def posts(faults: Faults, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(create_app(desk.account, Quirks(), faults)) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        yield


def lost(moment: Moment, times: int) -> Faults:
    return Faults(
        (FaultRule(FaultKind.DROPPED, moment, methods=frozenset({"POST"}), path="/v1/patients", times=times),)
    )


def everyone_once(account: Account) -> bool:
    return set(Counter(patient.mrn for patient in account.patients.all()).values()) == {1}


@pytest.mark.parametrize("moment", list(Moment))
def test_a_lost_answer_is_settled_in_the_same_run(
    desk: Desk, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in posts(lost(moment, 2), desk, monkeypatch):
        ran = desk.apply("--settle", "1")
        assert ran.code == 0, ran.out + ran.err
        assert ran.requests.count(CREATE) == (3 if moment is Moment.AFTER else 5)
        assert everyone_once(desk.account)
        assert "Apply complete! Resources: 8 added" in ran.out
        assert desk.plan("--detailed-exitcode").code == 0


def test_a_doubt_that_stays_is_told_and_the_next_run_goes_on_from_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in posts(lost(Moment.BEFORE, 1000), desk, monkeypatch):
        ran = desk.apply("--settle", "0.2", "--target", "patient/CL-0001042")
        assert ran.code == 1
        assert "in doubt" in ran.out
        assert ran.requests.count(CREATE) <= 4
    for _ in posts(Faults(), desk, monkeypatch):
        desk.seen = len(desk.account.requests.all())
        told = desk.plan("--settle", "600")
        assert told.code == 1
        assert "Apply waits for at most" in told.out
        ran = desk.apply("--settle", "0.2", "--assume-absent", "patient/CL-0001042")
        assert ran.code == 0, ran.out + ran.err
        assert everyone_once(desk.account)


def test_settle_first_waits_before_it_looks(desk: Desk) -> None:
    ran = desk.apply("--settle", "0.1", "--settle-first")
    assert ran.code == 0
    assert "Waiting 0.1 s" in ran.err
