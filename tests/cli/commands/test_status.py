"""``status``: what it shows, what it sends, and what it keeps."""

import csv
import json
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.api.endpoints import SAFE_READS
from kardia_ctl.model.funnel import COUNT_NAMES, Sample
from kardia_ctl.sandbox.data.values import PatientStatus
from kardia_ctl.state.open import open_store
from tests.cli.conftest import Desk

COHORT = """
cohorts: {spring: {source: spring.csv}}
"""


@pytest.fixture
def cohort(desk: Desk) -> Desk:
    """The clinic's two patients with codes, and a cohort of three of whom two have codes."""
    rows = "".join(
        f"SP-{number},2000-01-0{number},sp{number}@example.com,{codes}\n"
        for number, codes in ((1, "one-year"), (2, "one-year"), (3, ""))
    )
    desk.write("mrn,dob,email,codes\n" + rows, "spring.csv")
    desk.edit(lambda text: text + COHORT)
    return desk


def status(desk: Desk, *arguments: str) -> dict[str, Any]:
    ran = desk.run("status", str(desk.path), "--json", *arguments)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def counts(document: dict[str, Any], cohort: str | None) -> tuple[int, ...]:
    (found,) = (one for one in document["cohorts"] if one["name"] == cohort)
    return tuple(found[stage] for stage in COUNT_NAMES)


def kept(desk: Desk) -> tuple[Sample, ...]:
    return open_store("sqlite:///.kardia/state.db", desk.path, "default").load().samples


def test_the_funnel_follows_a_cohort_from_its_file_to_its_departure(cohort: Desk) -> None:
    assert counts(status(cohort), "spring") == (3, 0, 0, 0, 0, 0, 0, 0)
    assert cohort.apply().code == 0
    assert counts(status(cohort), "spring") == (3, 3, 2, 2, 0, 0, 0, 0)
    people = {one.mrn: one.id for one in cohort.account.patients.all()}
    cohort.account.patients.set_status(people["SP-1"], PatientStatus.CONNECTED)
    cohort.account.patients.set_status(people["SP-2"], PatientStatus.NONE)
    assert counts(status(cohort), "spring") == (3, 3, 2, 0, 1, 1, 0, 0)
    cohort.edit(lambda text: "".join(text.splitlines(keepends=True)[:-1]), "spring.csv")
    cohort.edit(lambda text: text + "departures: [{mrn: SP-3, action: delete, reason: withdrew consent}]\n")
    assert counts(status(cohort), "spring") == (2, 2, 2, 0, 1, 1, 0, 0)
    assert cohort.apply().code == 0
    after = status(cohort)
    assert counts(after, "spring") == (2, 2, 2, 0, 1, 1, 0, 1)
    total = after["total"]
    assert total["declared"] == 2 + counts(after, None)[0]
    assert total["departed"] == 1


def test_status_sends_only_safe_reads_and_not_one_too_many(cohort: Desk) -> None:
    cohort.apply()
    ran = cohort.run("status", str(cohort.path))
    assert set(ran.requests) <= {str(endpoint) for endpoint in SAFE_READS}
    assert sorted(ran.requests) == ["GET /v1/patients", "GET /v1/teamConnectionTemplate"]
    assert "from 2 requests" in ran.out


def test_status_makes_no_state(cohort: Desk) -> None:
    assert status(cohort)["complete"] is True
    assert not (cohort.path / ".kardia" / "state.db").exists()


def test_status_and_apply_keep_one_sample_an_hour_and_no_record_keeps_none(cohort: Desk) -> None:
    cohort.apply()
    first = kept(cohort)
    assert [(one.cohort, one.counts.pending) for one in first] == [("", 2), ("spring", 2)]
    for patient in cohort.account.patients.all():
        if patient.mrn == "SP-1":
            cohort.account.patients.set_status(patient.id, PatientStatus.CONNECTED)
    shown = status(cohort, "--no-record")["samples"]
    assert shown[-1]["connected"] == 1
    assert kept(cohort) == first
    status(cohort)
    second = kept(cohort)
    assert second[-1].counts.connected == 1
    assert len(second) in (2, 4), "an hour may have begun between"


def test_a_plan_that_was_saved_before_status_is_still_fresh(cohort: Desk, tmp_path: Path) -> None:
    cohort.apply("--target", "callback")
    plan = str(tmp_path / "saved.plan")
    cohort.plan("--out", plan)
    status(cohort)
    assert kept(cohort)
    assert cohort.run("apply", plan).code == 0


def test_status_never_waits_and_leaves_no_mark_of_a_run(cohort: Desk) -> None:
    cohort.apply()
    before = kept(cohort)
    store = open_store("sqlite:///.kardia/state.db", cohort.path, "default")
    with suppress(ZeroDivisionError), store.lock("apply"):
        assert counts(status(cohort), "spring")[0] == 3
        assert kept(cohort) == before
        raise ZeroDivisionError
    status(cohort)
    assert "apply by" in store.activity()
    assert "ended without finishing" in store.activity()


def test_a_sample_that_cannot_be_kept_is_a_warning(cohort: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort.apply()

    def full(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kardia_ctl.state.sqlite.sqlite_store.write", full)
    ran = cohort.run("status", str(cohort.path))
    assert (ran.code, "Warning: the counts were not recorded in state" in ran.err) == (0, True)


def test_the_key_of_another_tenant_counts_nobody(cohort: Desk) -> None:
    cohort.apply()
    cohort.edit(lambda text: text.replace("Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah", "another-team"))
    ran = cohort.run("status", str(cohort.path))
    assert (ran.code, ran.out) == (1, "")
    assert "its state belongs to team" in ran.err


def test_who_is_still_pending_is_listed_for_a_nurse_to_phone(cohort: Desk) -> None:
    cohort.apply()
    ran = cohort.run("status", str(cohort.path), "--list", "pending")
    rows = list(csv.DictReader(ran.out.splitlines()))
    assert [(row["mrn"], row["cohort"]) for row in rows] == [
        ("CL-0001042", ""),
        ("CL-0001057", ""),
        ("SP-1", "spring"),
        ("SP-2", "spring"),
    ]
    assert all(row["issued"].endswith("Z") for row in rows)
    late = cohort.run("status", str(cohort.path), "--list", "pending", "--days", "14")
    assert late.out == "mrn,cohort,issued\n"
    assert cohort.run("status", str(cohort.path), "--days", "14").code == 1


def test_the_page_is_one_private_file(cohort: Desk, tmp_path: Path) -> None:
    cohort.apply()
    file = tmp_path / "status.html"
    ran = cohort.run("status", str(cohort.path), "--html", str(file))
    assert ran.code == 0
    assert "spring" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    assert cohort.run("status", str(cohort.path), "--html", str(tmp_path / "no" / "where.html")).code == 1
    assert file.read_text() == before
