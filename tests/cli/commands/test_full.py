"""A plan in which many are alike is one screen; --full has each, and so has JSON."""

import json

import pytest

from tests.cli.conftest import Desk

MANY = 60
ALIKE = "".join(
    f"  - {{mrn: {letter}-{n}, dob: 19{10 + n}-02-03, email: {letter}{n}@example.com, lastname: Ek}}\n"
    for n in range(MANY)
    for letter in "xy"
)


@pytest.fixture
def alike(desk: Desk) -> Desk:
    """Two of each person, all of them to be created."""
    desk.write(f"version: 1\npatients:\n{ALIKE}")
    return desk


def test_many_that_are_blocked_for_one_reason_are_one_screen(alike: Desk) -> None:
    ran = alike.plan()
    assert ran.code == 1
    assert f"# {2 * MANY} patients are blocked: the same person? …" in ran.out
    assert len(ran.out.splitlines()) < 25


def test_full_has_each_with_its_own_way(alike: Desk) -> None:
    out = alike.plan("--full").out
    assert [n for n in range(MANY) if f"--distinct 'patient/x-{n}'" not in out] == []


def test_json_has_each(alike: Desk) -> None:
    lines = [json.loads(line) for line in alike.plan("--json").out.splitlines()]
    said = {line["diagnostic"].get("address") for line in lines if line["type"] == "diagnostic"}
    assert {f"patient/{letter}-{n}" for n in range(MANY) for letter in "xy"} <= said


def test_the_report_of_an_apply_counts_them_by_reason(alike: Desk) -> None:
    ran = alike.apply()
    assert ran.code == 1
    assert f"  {2 * MANY} patients: the same person? …" in ran.err
    assert len(ran.err.splitlines()) < 15
