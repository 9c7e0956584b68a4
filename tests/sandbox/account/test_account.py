"""The account: what lasts, what is atomic, and that its ready-made JSON is never stale."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.patient_table import LISTED_PATIENTS
from kardia_ctl.sandbox.account.request_log import LoggedRequest
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.data.invented import API_KEY, TEMPLATES
from kardia_ctl.sandbox.data.values import Hook, PatientFields, PatientStatus

AWKWARD = PatientFields('"\\/', "2000-07-21", "a'b@example.com", "Zoë\u2028😀", "", 9)


def plain(account: Account) -> list[dict[str, object]]:
    return [
        {
            name: value
            for name, value in (
                ("id", patient.id),
                ("mrn", patient.mrn),
                ("dob", patient.dob),
                ("email", patient.email),
                ("firstname", patient.firstname),
                ("lastname", patient.lastname),
                ("sex", patient.sex),
                ("status", patient.status.value),
            )
            if value is not None
        }
        for patient in account.patients.all()
    ]


def as_listed(account: Account) -> tuple[list[dict[str, object]], int]:
    with account.reading() as db:
        rows, total = LISTED_PATIENTS.read(db), LISTED_PATIENTS.total(db)
    return [json.loads(row.json) for row in rows], total


def test_the_ready_made_json_follows_every_change(account: Account, clock: ManualClock) -> None:
    account.patients.seed(3)
    awkward = account.patients.add(AWKWARD)
    bare = account.patients.add(PatientFields("B", "2000-07-21", "b@example.com"))
    changes: list[Callable[[], object]] = [
        lambda: account.patients.change(awkward, lastname="O'Né\"il", sex=None),
        lambda: account.patients.set_status(bare, PatientStatus.CONNECTED),
        lambda: account.connections.valid_code(awkward, TEMPLATES[0].id),
        lambda: account.connections.disconnect(bare),
        lambda: account.patients.delete(awkward, 5),
        lambda: clock.advance(5),
        lambda: account.patients.remove(bare),
    ]
    for change in changes:
        assert as_listed(account) == (plain(account), len(account.patients.all()))
        change()
    assert as_listed(account) == (plain(account), 3)


def test_an_account_lasts(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "account.db"
    with Account(path, now=clock, seed=1) as account:
        patient = account.patients.add(AWKWARD)
        issued = account.connections.valid_code(patient, TEMPLATES[0].id)
        account.settings.set_callback(Hook.CALLBACK, "https://www.example.com/")
        key = account.keys.renew(API_KEY, revoke=True)
        account.patients.add(PatientFields("L", "2000-07-21", "l@example.com"), list_lag=9)
        truth = account.patients.all()
    with Account(path, now=clock, seed=1) as account:
        assert account.patients.all() == truth
        assert issued is not None
        assert [code.code for code in account.connections.codes()] == [issued.code]
        assert account.settings.callback(Hook.CALLBACK) == "https://www.example.com/"
        assert account.keys.all() == [key]
        assert len(account.settings.templates()) == len(TEMPLATES)
        assert as_listed(account)[1] == 1
        clock.advance(9)
        assert as_listed(account)[1] == 2


def test_a_seeded_account_that_is_reopened_draws_new_ids(tmp_path: Path) -> None:
    ids = set()
    for _ in range(3):
        with Account(tmp_path / "account.db", seed=1) as account:
            ids.add(account.new_id())
    assert len(ids) == 3


def test_equal_seeds_give_equal_accounts() -> None:
    truths = []
    for _ in range(2):
        with Account(now=ManualClock(), seed=7) as account:
            account.patients.seed(20, seed=3)
            account.patients.add(AWKWARD)
            truths.append(account.patients.all())
    assert truths[0] == truths[1]


def test_without_a_seed_no_two_accounts_draw_the_same_ids() -> None:
    with Account() as one, Account() as other:
        assert one.new_id() != other.new_id()


def test_seeding_twice_adds_other_patients(account: Account) -> None:
    account.patients.seed(50, seed=1)
    account.patients.seed(50, seed=2)
    patients = account.patients.all()
    assert len({patient.id for patient in patients}) == len({patient.mrn for patient in patients}) == 100
    assert all(patient.email.endswith("@example.com") for patient in patients)


def test_a_seeding_that_fails_adds_nobody(account: Account) -> None:
    account.patients.seed(5, seed=1)
    account.patients.remove(account.patients.all()[-1].id)
    with pytest.raises(sqlite3.IntegrityError):
        account.patients.seed(5, seed=1)  # the first id is free again, the second is not
    assert len(account.patients.all()) == as_listed(account)[1] == 4


def test_a_change_to_nothing_known_is_an_error(account: Account) -> None:
    patient = account.patients.add(AWKWARD)
    with pytest.raises(KeyError, match="no such field"):
        account.patients.change(patient, id="other")
    with pytest.raises(KeyError, match="no such patient"):
        account.patients.change("unknown", mrn="other")
    with pytest.raises(KeyError, match="no such patient"):
        account.patients.set_custom_fields("unknown", [])


def test_threads_may_share_an_account(account: Account) -> None:
    def add() -> None:
        for _ in range(50):
            account.patients.add(AWKWARD)

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(account.patients.all()) == as_listed(account)[1] == 200


def test_a_deferred_effect_happens_at_its_time(account: Account, clock: ManualClock) -> None:
    seen: list[float] = []
    account.defer(2, lambda: seen.append(account.now()))
    account.defer(1, lambda: seen.append(account.now()))
    start = clock()
    clock.advance(10)
    account.patients.all()
    assert seen == [start + 1, start + 2]


def test_requests_are_counted_by_method_and_route(account: Account) -> None:
    for method in ("GET", "GET", "POST"):
        account.requests.add(LoggedRequest(method, "/v1/patients", 200, 0.0, None))
    assert len(account.requests.all()) == 3
    assert len(account.requests.all(method="GET", route="/v1/patients")) == 2
    assert account.requests.all(route="/v1/callback") == []


def test_a_file_that_is_no_account_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("no database " * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        Account(path)


def test_importing_the_package_imports_no_server() -> None:
    script = (
        "import sys, kardia_ctl.sandbox;"
        "sys.exit(bool({'starlette', 'uvicorn', 'sqlite3'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_applying_to_the_sandbox_loads_no_signals(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from kardia_ctl.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n"
        "    loaded = {'kardia_ctl.sandbox.data.waveform', 'uvicorn'}\n"
        "    sys.exit(end.code or bool(loaded & set(sys.modules)))\n"
    )
    (tmp_path / "kardia.yaml").write_text("version: 1\ncallback: {url: 'https://hooks.example.com/'}\n")
    command = [sys.executable, "-c", script, "apply", str(tmp_path), "--sandbox", "--auto-approve"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 added" in done.stdout


def test_an_account_of_an_earlier_version_opens(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    with Account(path) as account:
        patient = account.patients.add(AWKWARD)
    with sqlite3.connect(path) as db:
        for table in ("phones", "exports", "users", "redemptions", "recordings", "outbox", "deliveries"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DROP TRIGGER records_leave")
    db.close()
    with Account(path) as account:
        assert account.recordings.all() == []
        account.patients.remove(patient)
        assert account.patients.all() == []
