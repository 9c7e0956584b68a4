"""A decision's reason is free text about a person: it is seen on the person's own terminal alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.canary.desk import in_memory
from tests.canary.watch import Watch, declared, watched

REASON = "Qzlast1/ ána has another name at work"
ADDRESSES = {
    "accept": "patient/QZMRN-1",
    "recreate": "patient/QZMRN-1",
    "distinct": "patient/QZMRN-1",
    "absent": "patient/QZMRN-1",
    "reissue": "connection_code/QZMRN-1/one-year",
    "issued": "connection_code/QZMRN-1/one-year",
    "created": "connection_code/QZMRN-1/one-year",
}


@pytest.fixture
def watch() -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        yield opened


def decisions(now: float, days: int) -> str:
    until = datetime.fromtimestamp(now, UTC).date() + timedelta(days=days)
    entries = (
        f"  - {{address: {address}, decision: {kind}, reason: '{REASON}', until: {until}}}\n"
        for kind, address in ADDRESSES.items()
    )
    return "decisions:\n" + "".join(entries)


@pytest.mark.parametrize("days", [30, -30])
def test_the_reason_of_a_decision_is_shown_and_kept_nowhere(watch: Watch, days: int) -> None:
    path, plan = str(watch.desk.path), str(watch.place / "saved.plan")
    watch.write("kardia.yaml", declared() + decisions(watch.desk.clock(), days))
    assert watch.run("validate", path).code == 0
    for _ in range(2):
        for arguments in (
            ("validate", path),
            ("validate", path, "--json"),
            ("plan", path),
            ("plan", path, "--json"),
            ("plan", path, "--out", plan),
            ("show", plan),
            ("show", plan, "--json"),
            ("apply", path, "--auto-approve", "--accept-decisions"),
            ("status", path),
            ("status", path, "--json"),
            ("state", "list", path),
            ("audit", "export", path),
        ):
            ran = watch.run(*arguments)
            assert ran.code in (0, 1), ran.told
            assert "Internal error" not in ran.err
    assert REASON in watch.desk.run("plan", path, "--show-phi").out.replace("\\", "")


WRONG = {
    "an address": "{address: 'Qzlast1', decision: accept, reason: x, until: 2026-01-01}",
    "a decision": "{address: patient/QZMRN-1, decision: 'Qzlast1', reason: x, until: 2026-01-01}",
    "a day": "{address: patient/QZMRN-1, decision: accept, reason: x, until: 'Qzlast1'}",
    "a cohort": "{address: 'patient/*', cohort: 'Qzlast1', decision: accept, reason: x, until: 2026-01-01}",
    "a template": "{address: connection_code/QZMRN-1/Qzlast1, decision: issued, reason: x, "
    "until: 2026-01-01}",
    "a list as reason": "{address: patient/QZMRN-1, decision: accept, reason: ['Qzlast1'], "
    "until: 2026-01-01}",
    "a key": "{address: patient/QZMRN-1, decision: accept, reason: x, until: 2026-01-01, why: 'Qzlast1'}",
}


@pytest.mark.parametrize("what", WRONG)
def test_an_error_in_a_decision_names_no_value(watch: Watch, what: str) -> None:
    watch.write("kardia.yaml", f"{declared()}decisions:\n  - {WRONG[what]}\n")
    for arguments in (("validate",), ("validate", "--json"), ("plan",), ("apply", "--auto-approve")):
        ran = watch.run(arguments[0], str(watch.desk.path), *arguments[1:])
        assert ran.code == 1
        assert "Internal error" not in ran.err
