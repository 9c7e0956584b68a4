"""Whatever is live: after an import the configuration is valid, and a plan adopts what it declares."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from hypothesis import given, settings
from hypothesis import strategies as some

from kardia_ctl.config import load
from kardia_ctl.kinds.patient import all_differences
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.timing import system_instant
from tests.canary.desk import InnerDesk, inner_desk
from tests.importing.accounts import ACCOUNTS, LiveAccount
from tests.laws.strategies import quirks
from tests.laws.test_1_planning_changes_nothing import ALLOWED

_FORMS = some.sampled_from([("--format", "yaml", "--split", "3"), ("--format", "yaml"), ("--format", "csv")])


def summary_of(desk: InnerDesk) -> str:
    ran = desk.plan("--detailed-exitcode")
    assert ran.code == 0, ran.told
    return next(line for line in ran.out.splitlines() if line.startswith(("Plan:", "No changes")))


@settings(max_examples=150)
@given(live=ACCOUNTS, form=_FORMS, adopt=some.booleans(), readings=quirks())
def test_after_an_import_a_plan_adopts_all_and_nothing_else(
    live: LiveAccount, form: tuple[str, ...], adopt: bool, readings: Quirks
) -> None:
    with TemporaryDirectory() as place, inner_desk(Path(place) / "clinic", "version: 1\n") as desk:
        live.fill(desk.account)
        desk.wire = httpx.ASGITransport(create_app(desk.account, readings, sleep=desk.clock.sleep))
        before = desk.account.patients.all()
        ran = desk.run("import", str(desk.path), *form, *(["--adopt"] if adopt else []))
        assert ran.code == 0, ran.told
        declared = load(desk.path, os.environ, system_instant()).desired
        assert declared.patients.keys() <= {patient.mrn for patient in before}
        assert not any(
            all_differences(declared.patients[patient.mrn], _shown(patient))
            for patient in before
            if patient.mrn in declared.patients
        )
        count = len(declared.patients) + len(declared.settings)
        left_out = len(before) - len(declared.patients)
        assert ran.out.count("  id ") == left_out
        wanted = f"Plan: {count} to import, 0 to add, 0 to change, 0 to destroy."
        noun = "1 resource is" if count == 1 else f"{count} resources are"
        unchanged = (
            f"No changes. Your infrastructure matches the configuration. {noun} as declared."
            if count
            else "No changes"
        )
        assert summary_of(desk).startswith(unchanged if adopt or not count else wanted)
        assert {f"{one.method} {one.route}" for one in desk.account.requests.all()} <= ALLOWED


def _shown(patient: object) -> LivePatient:
    names = ("id", "mrn", "dob", "email", "firstname", "lastname", "sex")
    return LivePatient(*(getattr(patient, name) for name in names))


@given(live=ACCOUNTS)
@settings(max_examples=30)
def test_a_second_import_finds_only_who_was_left_out(live: LiveAccount) -> None:
    with TemporaryDirectory() as place, inner_desk(Path(place) / "clinic", "version: 1\n") as desk:
        live.fill(desk.account)
        first = desk.run("import", str(desk.path))
        files = sorted(path for path in desk.path.rglob("*.yaml"))
        second = desk.run("import", str(desk.path))
        assert second.code == 0
        assert sorted(path for path in desk.path.rglob("*.yaml")) == files
        assert second.out.count("  id ") == first.out.count("  id ")
