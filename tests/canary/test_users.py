"""Passwords, tokens and codes of both dialects: seen nowhere but in the file that they were asked for in."""

import csv
from collections.abc import Iterator

import httpx
import pytest

from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from tests.canary.desk import Ran, in_memory
from tests.canary.test_commands import ANSWERS, crash
from tests.canary.watch import OURS, PASSWORD, Watch, declared, entry, watched

ENV = ", mobile_user: {country: us, password: {env: JOE_PASSWORD}}"
MADE_UP = ", mobile_user: {country: us, password: {generate: true}}"
REDEEMING = ", mobile_user: {country: us, redeem: true, password: {env: JOE_PASSWORD}}"
PHONE = "+1 (555) 017-7788"
PRO = """\
version: 1
api: {dialect: pro}
callback: {url: "https://hooks.example.com/kardia?token=${HOOK_TOKEN}"}
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}
patients:
"""


def pro(more: str = REDEEMING) -> str:
    return PRO + "".join(entry(one, f", phone: '{PHONE}'{more}") for one in OURS)


CONFIGURATIONS = {"v1": declared(more=ENV), "v1, made up": declared(more=MADE_UP), "pro": pro()}


@pytest.fixture(params=CONFIGURATIONS)
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        opened.write("kardia.yaml", CONFIGURATIONS[request.param])
        opened.allowed.add(opened.place / "codes.csv")
        opened.scanner.add("a phone number", PHONE)
        yield opened


def apply(watch: Watch, *arguments: str) -> Ran:
    """An apply; what it made up, issued and was told is looked for from then on, and in what it left."""
    codes = watch.place / "codes.csv"
    ran = watch.apply("--codes-out", str(codes), "--results", str(watch.place / "results.csv"), *arguments)
    for user in watch.desk.account.connections.users():
        watch.scanner.add("a token", user.token)
    if codes.exists():
        with codes.open(newline="") as opened:
            for row in csv.DictReader(opened):
                if row.get("password"):
                    watch.scanner.add("a password that was made up", row["password"])
    watch.nothing_in(ran.told, "what apply said")
    watch.look_around()
    return ran


def test_users_are_made_and_nothing_of_theirs_is_seen(watch: Watch) -> None:
    path, plan = str(watch.desk.path), str(watch.place / "saved.plan")
    assert watch.plan("--out", plan).code == 0
    assert watch.run("show", plan, "--json").code == 0
    assert apply(watch).code == 0
    assert len(watch.desk.account.connections.users()) >= 2
    for arguments in (
        ("plan", path),
        ("plan", path, "--json"),
        ("apply", path, "--auto-approve", "--json"),
        ("status", path, "--json"),
        ("state", "list", path),
        ("state", "show", "mobile_user/QZMRN-1", path),
    ):
        assert watch.run(*arguments).code == 0


@pytest.mark.parametrize("watch", ["v1", "pro"], indirect=True)
@pytest.mark.parametrize("how", ANSWERS)
def test_no_answer_to_a_user_or_a_code_is_repeated(watch: Watch, how: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response | None:
        return ANSWERS[how](request) if _is_of_users(request) else None

    watch.wire.answer = answer
    ran = apply(watch)
    assert ran.code == 1 or how in ("200 with text", "another patient", "another shape")
    assert "Internal error" not in ran.err
    watch.wire.answer = lambda _: None
    for command in ("plan", "status"):
        assert "Internal error" not in watch.run(command, str(watch.desk.path)).err
    assert "Internal error" not in apply(watch).err


_OF_USERS = ("/v1/users", "/e/v1/user", "/e/v1/code", "/e/v1/connection", "/e/v1/participants")


def _is_of_users(request: httpx.Request) -> bool:
    return request.url.path in _OF_USERS


@pytest.mark.parametrize("kind", FaultKind)
def test_what_is_in_doubt_is_told_without_values(watch: Watch, kind: FaultKind) -> None:
    watch.desk.serve(Faults((FaultRule(kind, Moment.AFTER, methods=frozenset({"POST"}), times=3, skip=1),)))
    apply(watch)
    assert watch.plan().code in (0, 1)


CRASHES = (
    "kardia_ctl.api.v1.V1Writer.create_user",
    "kardia_ctl.api.pro.ProWriter.create_user",
    "kardia_ctl.api.pro.ProWriter.redeem",
    "kardia_ctl.api.decode.user_token",
    "kardia_ctl.applying.requests.record_of",
    "kardia_ctl.cli.files.passwords.weakness_of",
    "kardia_ctl.cli.files.code_file.code_line",
)


@pytest.mark.parametrize("where", CRASHES)
def test_a_crash_around_a_user_is_one_line_without_values(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(where, crash)
        ran = apply(watch)
    if ran.code:
        assert "Internal error (CrashError" in ran.err
    assert "Internal error" not in apply(watch).err


def test_a_password_that_is_weak_or_missing_is_not_repeated(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.scanner.add("a weak password", "qzpassword1")
    for weak in ("qzpassword1", "", f"{PASSWORD}\n{PASSWORD}"):
        monkeypatch.setenv("JOE_PASSWORD", weak)
        watch.write("kardia.yaml", declared(more=ENV))
        ran = apply(watch)
        assert ran.code == 1
        assert "JOE_PASSWORD" in ran.err
    assert watch.desk.account.connections.users() == []
