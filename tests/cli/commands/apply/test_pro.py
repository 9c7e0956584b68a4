"""The older API through the whole command: what is declared is sent once, and state knows it."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kardia_ctl.model.dialects import PRO, V1, Capabilities
from kardia_ctl.model.kinds import Kind
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.values import PatientFields, PatientStatus
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import DuplicateUser, Quirks
from kardia_ctl.sandbox.server import serving
from kardia_ctl.state.open import open_store
from tests.cli.conftest import Desk, Ran
from tests.paths import DATA, ROOT

PARTICIPANT = "POST /e/v1/participants"
CODE = "POST /e/v1/code"
USER = "POST /e/v1/user"
REDEEM = "POST /e/v1/connection"
DISCONNECT = "POST /e/v1/disconnection"
READ_CALLBACK = "GET /e/v1/callback"
SET_CALLBACK = "PUT /e/v1/callback"

HEAD = """\
version: 1
api: {dialect: pro}
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403, short: 7uhcmvtlb87c4n5nyx1qq9ur7}
"""
EDDA = "  - {mrn: AC-001, firstname: Edda, lastname: Sample, codes: [one-year]}\n"
NILS = (
    "  - {mrn: AC-002, firstname: Nils, lastname: Instance, email: nils@example.com, codes: [one-year],\n"
    "     mobile_user: {country: us, redeem: true, password: {env: NILS_PASSWORD}}}\n"
)
ULLA = (
    "  - {mrn: AC-003, firstname: Ulla, lastname: Case, email: ulla@example.com,\n"
    "     mobile_user: {country: us, password: {env: NILS_PASSWORD}}}\n"
)
CODE_1, CODE_2 = "connection_code/AC-001/one-year", "connection_code/AC-002/one-year"
USER_2, USER_3 = "mobile_user/AC-002", "mobile_user/AC-003"
PASSWORD = "vexing-Quilt-harbor-93"


def declared(*people: str, more: str = "") -> str:
    return HEAD + more + "patients:\n" + "".join(people)


@contextmanager
def served(desk: Desk, quirks: Quirks | None = None, faults: Faults | None = None) -> Iterator[None]:
    """Another server for the same account."""
    with (
        serving(create_app(desk.account, quirks or Quirks(), faults)) as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("KARDIA_ENDPOINT", url)
        yield


def dropped(path: str, moment: Moment, times: int = 1) -> Faults:
    return Faults(
        (FaultRule(FaultKind.DROPPED, moment, methods=frozenset({"POST"}), path=path, times=times),)
    )


@pytest.fixture
def pro(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("NILS_PASSWORD", PASSWORD)
    desk.write(declared(EDDA, NILS, more="callback: {url: https://hooks.example.com/kardia}\n"))
    return desk


def apply(desk: Desk, *arguments: str) -> Ran:
    return desk.apply("--codes-out", str(desk.path / "codes.csv"), *arguments)


def codes_of(desk: Desk) -> list[dict[str, str]]:
    with (desk.path / "codes.csv").open(newline="") as opened:
        return list(csv.DictReader(opened))


def everything(account: Account) -> tuple[int, int, int]:
    return len(account.patients.all()), len(account.connections.codes()), len(account.connections.users())


def test_a_first_plan_reads_the_callback_alone_and_counts_what_apply_sends(pro: Desk) -> None:
    ran = pro.plan("--detailed-exitcode")
    assert ran.code == 2
    assert ran.requests == [READ_CALLBACK]
    assert "Plan: 6 to add, 0 to change, 0 to destroy." in ran.out
    assert ran.last == "Requests: 1 to plan; apply sends 8 (1 read, 7 writes)."


def test_apply_sends_exactly_what_was_planned_and_a_plan_is_empty_then(pro: Desk) -> None:
    ran = apply(pro)
    assert ran.code == 0, ran.out + ran.err
    assert sorted(ran.requests) == sorted(
        [READ_CALLBACK, SET_CALLBACK, *2 * [PARTICIPANT], *2 * [CODE], USER, REDEEM]
    )
    assert "Requests: 8 sent (1 read, 7 writes)." in ran.out
    assert {patient.mrn: patient.status for patient in pro.account.patients.all()} == {
        "AC-001": PatientStatus.PENDING,
        "AC-002": PatientStatus.CONNECTED,
    }
    assert sorted(row["mrn"] for row in codes_of(pro)) == ["AC-001", "AC-002"]
    again = pro.plan("--detailed-exitcode")
    assert (again.code, again.requests) == (0, [READ_CALLBACK])
    assert again.out.startswith("No changes.")
    assert apply(pro).requests == [READ_CALLBACK]
    assert everything(pro.account) == (2, 2, 1)


def test_the_token_of_a_user_is_kept_and_shown_nowhere(pro: Desk) -> None:
    ran = apply(pro, "--results", str(pro.path / "results.csv"))
    token = pro.account.connections.users()[0].token
    files = [file for file in pro.path.rglob("*") if file.is_file()]
    assert not [file for file in files if token.encode() in file.read_bytes()]
    assert not [file for file in files if PASSWORD.encode() in file.read_bytes()]
    assert token not in ran.out + ran.err


def test_codes_are_shown_once_so_apply_wants_a_file_for_them(pro: Desk) -> None:
    ran = pro.apply()
    assert (ran.code, ran.requests) == (1, [READ_CALLBACK])
    assert "--codes-out" in ran.err
    assert everything(pro.account) == (0, 0, 0)


def test_codes_are_never_asked_for_again(pro: Desk) -> None:
    apply(pro)
    ran = pro.run("codes", str(pro.path), "--auto-approve", "--codes-out", str(pro.path / "more.csv"))
    assert (ran.code, ran.requests) == (1, [])
    assert "fetching it again would order another" in ran.err
    assert len(pro.account.connections.codes()) == 2


def test_a_file_that_cannot_take_a_code_is_the_last_order_of_the_run(pro: Desk) -> None:
    (pro.path / "codes.csv").symlink_to("/dev/full")
    pro.write(declared(*(EDDA.replace("AC-001", f"AC-{number}") for number in range(100, 120))))
    ran = apply(pro, "--parallelism", "1")
    assert ran.code == 1
    assert ran.requests.count(CODE) == 1
    assert "does not show issued codes again" in ran.err
    assert "38 skipped" in ran.out


def test_a_lost_state_orders_and_makes_nothing_twice(pro: Desk) -> None:
    pro.write(declared(EDDA, NILS, ULLA))
    assert apply(pro).code == 0
    before = everything(pro.account)
    pro.lose_state()
    with served(pro, Quirks(duplicate_user=DuplicateUser.ACCEPTED)):
        ran = apply(pro)
        assert ran.code == 1
        assert ran.requests == 3 * [PARTICIPANT]
        assert "3 imported" in ran.out
        assert f"--reissue '{CODE_1}'" in ran.err
        assert f"--reissue '{USER_3}'" in ran.err
        assert apply(pro).requests == []
        again = pro.plan("--detailed-exitcode")
    assert everything(pro.account) == before
    assert (again.code, again.requests) == (0, [])
    assert "configuration. 7 resources are as declared, 7 of them unverifiable." in again.out


def test_a_person_who_knows_orders_again_for_somebody_who_was_there(pro: Desk) -> None:
    pro.account.patients.add(PatientFields("AC-002", "", "nils@example.com", "Nils", "Instance", 0))
    assert apply(pro, "--target", "patient/AC-002").code == 0
    alone = apply(pro, "--target", "patient/AC-002", "--target", CODE_2, "--reissue", USER_2)
    assert alone.code == 1
    assert "--reissue" in alone.out
    assert everything(pro.account) == (1, 0, 0)
    ran = apply(pro, "--target", USER_2, "--reissue", CODE_2, "--reissue", USER_2)
    assert (ran.code, ran.requests) == (0, [CODE, USER, REDEEM])
    assert pro.account.patients.all()[0].status is PatientStatus.CONNECTED


def test_a_forgotten_participant_comes_back_without_a_request(pro: Desk) -> None:
    apply(pro)
    whole = (pro.path / "kardia.yaml").read_text()
    pro.write(declared(NILS))
    ran = pro.apply()
    assert (ran.code, ran.requests) == (0, [])
    assert "patient/AC-001 will be forgotten" in ran.out
    pro.write(whole)
    ran = apply(pro)
    assert (ran.code, ran.requests) == (0, [READ_CALLBACK])
    assert everything(pro.account) == (2, 2, 1)
    assert pro.plan().out.startswith("No changes.")


def test_an_edit_is_blocked_unless_it_is_ignored(pro: Desk) -> None:
    apply(pro)
    pro.edit(lambda text: text.replace("Sample", "Sample-Oldham"))
    ran = apply(pro)
    assert (ran.code, ran.requests) == (1, [READ_CALLBACK])
    assert "lastname" in ran.out
    assert "Oldham" not in ran.out + ran.err
    pro.edit(
        lambda text: text.replace("codes: [one-year]}", "codes: [one-year], ignore_changes: [lastname]}")
    )
    assert pro.plan("--detailed-exitcode").code == 0


def test_a_plan_change_is_for_a_person(pro: Desk) -> None:
    apply(pro)
    pro.edit(
        lambda text: text.replace("lastname: Sample, codes: [one-year]", "lastname: Sample, codes: [short]")
    )
    ran = apply(pro)
    assert (ran.code, ran.requests) == (1, [READ_CALLBACK])
    assert (
        "switching templates cancels the current order, of one-year. Declare one-year again, or"
        in ran.unwrapped
    )


@pytest.mark.parametrize("moment", list(Moment))
def test_a_code_in_doubt_waits_for_a_person(pro: Desk, moment: Moment) -> None:
    pro.write(declared(EDDA))
    with served(pro, faults=dropped("/e/v1/code", moment)):
        ran = apply(pro)
        assert ran.code == 1
        assert ran.requests.count(CODE) == 1
        for _ in range(2):
            again = apply(pro)
            assert (again.code, again.requests) == (1, [])
            assert f"--assume-absent '{CODE_1}'" in again.out
        decided = "--assume-created" if moment is Moment.AFTER else "--assume-absent"
        settled = apply(pro, decided, CODE_1)
    assert settled.code == 0
    assert len(pro.account.connections.codes()) == 1
    assert pro.plan().out.startswith("No changes.")


@pytest.mark.parametrize("moment", list(Moment))
def test_a_user_in_doubt_waits_for_a_person(pro: Desk, moment: Moment) -> None:
    pro.write(declared(ULLA))
    with served(pro, Quirks(duplicate_user=DuplicateUser.ACCEPTED), dropped("/e/v1/user", moment)):
        assert apply(pro).requests == [PARTICIPANT, USER]
        again = apply(pro)
        assert (again.code, again.requests) == (1, [])
        decided = "--assume-created" if moment is Moment.AFTER else "--assume-absent"
        assert apply(pro, decided, USER_3).code == 0
    assert everything(pro.account) == (1, 0, 1)


@pytest.mark.parametrize("moment", list(Moment))
def test_a_participant_whose_answer_was_lost_is_sent_again_and_is_there_once(
    pro: Desk, moment: Moment
) -> None:
    pro.write(declared(EDDA.replace("codes: [one-year]", "")))
    with served(pro, faults=dropped("/e/v1/participants", moment)):
        ran = apply(pro)
    assert (ran.code, ran.requests) == (0, 2 * [PARTICIPANT])
    assert len(pro.account.patients.all()) == 1


@pytest.mark.parametrize("moment", list(Moment))
def test_a_code_that_was_not_redeemed_is_recorded_and_shown_so(pro: Desk, moment: Moment) -> None:
    pro.write(declared(NILS))
    with served(pro, faults=dropped("/e/v1/connection", moment)):
        ran = apply(pro)
        assert ran.code == 1
        assert ran.requests.count(REDEEM) == 1
        assert "the user was created, and its code was not redeemed" in ran.err
        told = pro.plan("--detailed-exitcode")
        assert told.code == 0
        assert "the patient can enter it in the Kardia app" in told.unwrapped
        assert apply(pro).requests == []
    assert everything(pro.account) == (1, 1, 1)
    shown = pro.run("state", "show", USER_2, str(pro.path))
    assert "redeemed  no" in shown.out


def test_a_code_that_is_refused_under_one_name_is_redeemed_under_the_other(pro: Desk) -> None:
    """The document's example says connection_code, its table connectionCode."""
    pro.write(declared(NILS))
    with served(
        pro, faults=Faults((FaultRule(FaultKind.ERROR, path="/e/v1/connection", times=1, status=400),))
    ):
        ran = apply(pro)
    assert ran.code == 0
    assert ran.requests == [PARTICIPANT, CODE, USER, REDEEM, REDEEM]
    assert pro.account.patients.all()[0].status is PatientStatus.CONNECTED


def test_the_first_of_several_codes_is_the_one_that_is_redeemed(pro: Desk) -> None:
    pro.write(declared(NILS.replace("[one-year]", "[short, one-year]")))
    templates = {one.name: one.id for one in pro.account.settings.templates()}
    pro.edit(lambda text: text.replace("7uhcmvtlb87c4n5nyx1qq9ur7", max(templates.values())))
    assert apply(pro).code == 0
    issued = {row["template"]: row["code"] for row in codes_of(pro)}
    open_code = pro.account.connections.open_code(pro.account.patients.all()[0].id)
    assert open_code == issued["one-year"]


@pytest.mark.parametrize("target", [USER_2, CODE_2])
def test_a_target_takes_along_the_code_and_the_user_that_redeems_it(pro: Desk, target: str) -> None:
    ran = apply(pro, "--target", target)
    assert (ran.code, ran.requests) == (0, [PARTICIPANT, CODE, USER, REDEEM])


def test_a_limit_never_parts_a_code_from_the_user_that_redeems_it(pro: Desk) -> None:
    pro.write(declared(NILS))
    ran = apply(pro, "--limit", "2")
    assert ran.requests == [PARTICIPANT]
    assert "--limit: 2 changes left for later runs." in ran.out
    assert apply(pro, "--limit", "2").requests == [CODE, USER, REDEEM]
    assert everything(pro.account) == (1, 1, 1)


def test_waves_hold_in_pro_too(pro: Desk) -> None:
    people = [EDDA.replace("AC-001", f"AC-{number}") for number in range(100, 106)]
    pro.write(declared(*people, more="waves: {size: 2, stop_on_failures: 1}\n"))
    with served(
        pro, faults=Faults((FaultRule(FaultKind.ERROR, path="/e/v1/code", times=1, skip=2, status=400),))
    ):
        ran = apply(pro, "--parallelism", "1")
    assert ran.code == 1
    assert ran.requests.count(PARTICIPANT) == 3
    assert apply(pro).code == 0
    assert everything(pro.account)[:2] == (6, 6)


def test_a_departure_disconnects_once(pro: Desk) -> None:
    apply(pro)
    gone = "departures: [{mrn: AC-001, action: disconnect, reason: moved away}]\n"
    pro.write(declared(NILS, more=gone))
    ran = pro.apply()
    assert (ran.code, ran.requests) == (0, [DISCONNECT])
    assert pro.apply().requests == []
    assert "it is not repeated" in pro.plan().out
    assert len(pro.account.requests.all(route="/e/v1/disconnection")) == 1


def test_what_pro_cannot_do_is_an_error_with_its_place(pro: Desk) -> None:
    pro.write(declared(EDDA, more="departures: [{mrn: AC-9, action: delete, reason: gone}]\nteam: x\n"))
    ran = pro.run("validate", str(pro.path))
    assert ran.code == 1
    assert "kardia.yaml:4" in ran.err


@pytest.mark.parametrize("spelling", ["bearer", "bare"])
def test_the_key_goes_as_bearer_or_bare(pro: Desk, spelling: str) -> None:
    pro.edit(lambda text: text.replace("{dialect: pro}", f"{{dialect: pro, authorization: {spelling}}}"))
    assert apply(pro).code == 0
    assert everything(pro.account) == (2, 2, 1)


def test_a_saved_plan_is_applied_as_it_is_once(pro: Desk) -> None:
    file = pro.path.parent / "pro.plan"
    assert pro.plan("--out", str(file)).code == 0
    shown = pro.run("show", str(file))
    assert "apply sends 8 (1 read, 7 writes)" in shown.out
    document = json.loads(pro.run("show", "--json", str(file)).out)
    assert len(document["resource_changes"]) == 6
    assert PASSWORD not in file.read_text()
    assert "NILS_PASSWORD" not in file.read_text()
    assert "NILS" not in shown.out
    ran = pro.run("apply", str(file), "--codes-out", str(pro.path / "codes.csv"))
    assert (ran.code, len(ran.requests)) == (0, 8)
    assert pro.run("apply", str(file), "--codes-out", str(pro.path / "codes.csv")).requests == []


def test_state_is_listed_shown_and_forgotten(pro: Desk) -> None:
    apply(pro)
    listed = pro.run("state", "list", str(pro.path)).out
    for address in ("patient/AC-001", CODE_2, USER_2, "callback"):
        assert address in listed
        assert pro.run("state", "show", address, str(pro.path)).code == 0
    assert pro.run("state", "forget", USER_2, str(pro.path), "--auto-approve").code == 0
    assert USER_2 not in pro.run("state", "list", str(pro.path)).out
    store = open_store("sqlite:///.kardia/state.db", pro.path, "default")
    assert store.load().patients.keys() == {"AC-001", "AC-002"}


def test_status_counts_what_state_knows_without_a_request(pro: Desk) -> None:
    apply(pro)
    ran = pro.run("status", str(pro.path))
    assert (ran.code, ran.requests) == (0, [])
    assert "code issued" in ran.out


def test_validate_counts_users(pro: Desk) -> None:
    ran = pro.run("validate", str(pro.path))
    assert ran.code == 0
    assert "2 patients, 2 connection codes, 1 mobile user" in ran.out


def test_the_example_of_pro_runs_as_it_is(pro: Desk) -> None:
    pro.write((DATA / "pro" / "kardia.yaml").read_text())
    ran = apply(pro)
    assert (ran.code, len(ran.requests)) == (0, 8)
    assert pro.plan("--detailed-exitcode").code == 0
    assert [row["mrn"] for row in codes_of(pro) if row["password"]] == ["AC-002"]


def test_in_this_process_pro_is_spoken_too(pro: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KARDIA_ENDPOINT", "KARDIA_API_KEY"):
        monkeypatch.delenv(name)
    codes = ("--codes-out", str(pro.path / "codes.csv"))
    assert pro.run("apply", str(pro.path), "--sandbox", "--auto-approve", *codes).code == 0
    again = pro.run("plan", str(pro.path), "--sandbox", "--detailed-exitcode")
    assert (again.code, again.out.splitlines()[-1]) == (
        0,
        "Requests: 1 to plan; apply sends 1 (1 read, 0 writes).",
    )


def test_the_documents_say_what_pro_cannot_do() -> None:
    """Its table is held to the table that the program asks."""
    section = (ROOT / "docs" / "pro.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if "|" in line]
    said = {name: (v1, older) for name, v1, older in rows}
    leaves = tuple(
        ", ".join(one for one in ("disconnect", "export", "delete") if one in _all(can)) for can in CANS
    )
    assert said["departures"] == leaves
    assert said["must have"] == tuple(_required(can) for can in CANS)
    missing = {f"`{kind}{'s' if kind is Kind.SERVICE_PROVIDER else ''}`" for kind in V1.kinds - PRO.kinds}
    assert said[", ".join(sorted(missing))] == ("yes", "no")
    assert (V1.repeats_codes, PRO.repeats_codes) == (True, False)
    assert said["a code again"][1].startswith("is shown once")
    assert (V1.makes_keys, PRO.makes_keys) == (True, False)
    assert said["regions, `login`, `rotate-key`"] == ("us, eu; yes", "us; the vendor makes keys")


CANS = (V1, PRO)


def _all(can: Capabilities) -> set[str]:
    departing = {one.value for one in can.departing}
    return departing | ({"export"} if "delete" in departing else set())


def _required(can: Capabilities) -> str:
    return ", ".join(can.required) + ("; may have phone" if can.has_phone else "")
