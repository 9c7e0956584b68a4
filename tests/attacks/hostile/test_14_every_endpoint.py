"""A server that repeats every patient's values in its errors, on each endpoint: no command shows one."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import count
from typing import Final
from urllib.parse import quote

import httpx
import pytest

from kardia_ctl.api.scrubbing.scrub import Scrubber
from kardia_ctl.sandbox.data.values import RecordingFields
from tests.attacks.safeguards import removed
from tests.canary.desk import in_memory
from tests.canary.test_users import ENV, pro
from tests.canary.watch import COHORT, OURS, THEIRS, Person, Watch, declared, fields, watched

PEOPLE: Final = (*OURS, COHORT)
SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (
    str,
    str.upper,
    quote,
    escape,
    lambda text: json.dumps(text)[1:-1],
    lambda text: b64encode(text.encode()).decode(),
    lambda text: text.encode().hex(),
    "\u200b".join,
)
STATUSES: Final = (400, 403, 404, 409, 418, 422, 429, 500, 503, 200, 302)


@pytest.fixture(autouse=True)
def addresses_as_on_a_terminal() -> None:
    """Nothing is shown as on a terminal."""


def values_of(person: Person) -> tuple[str, ...]:
    return (
        f"{person.firstname} {person.lastname}",
        person.email,
        person.dob,
        person.lastname,
        person.firstname,
    )


@dataclass
class Echo:
    """Answers the requests that ``attacks`` selects, each with another status, form and spelling.

    ``people`` are whom it names. ``endpoints`` are those that it answered.
    """

    attacks: Callable[[httpx.Request], bool]
    people: tuple[Person, ...] = PEOPLE
    endpoints: set[str] = field(default_factory=set)
    _turns: Iterator[int] = field(default_factory=count)

    def __call__(self, request: httpx.Request) -> httpx.Response | None:
        if not self.attacks(request):
            return None
        turn = next(self._turns)
        last = request.url.path.rpartition("/")[2]
        self.endpoints.add(f"{request.method} {last if len(last) < 14 and last.isalpha() else 'ID'}")
        person = self.people[turn % len(self.people)]
        spell = SPELLINGS[turn % len(SPELLINGS)]
        return self._form(turn, STATUSES[turn % len(STATUSES)], [spell(value) for value in values_of(person)])

    def _form(self, turn: int, status: int, values: list[str]) -> httpx.Response:
        text = "; ".join(values)
        headers = {
            "retry-after": "0",
            "www-authenticate": f'Basic realm="{text.encode("ascii", "ignore").decode()}"',
        }
        if status == 302:
            headers["location"] = (
                f"https://{values[0].encode('ascii', 'ignore').hex()}.example.com/{quote(text)}"
            )
        match turn % 5:
            case 0 | 1:
                entries = [
                    {"title": f"No {value}", "code": value, "detail": value} for value in values[turn % 3 :]
                ]
                return httpx.Response(status, json={"errors": entries}, headers=headers)
            case 2:
                page = f"<html><head><title>{text}</title></head><body>{text}</body></html>"
                return httpx.Response(status, html=page, headers=headers)
            case 3:
                return httpx.Response(status, text=text, headers=headers)
            case _:
                plain = text.encode("ascii", "ignore")
                kind = f"text/{plain[:30].hex()}; name={plain!r}"
                return httpx.Response(
                    status, content=text.encode(), headers={**headers, "content-type": kind}
                )


def every(_: httpx.Request) -> bool:
    return True


def writes(request: httpx.Request) -> bool:
    return request.method != "GET" or request.url.path.endswith(("/code", "/export"))


STAYING: Final = "".join(
    f"  - {{mrn: {mrn}, dob: {THEIRS.dob}, email: x@example.com}}\n" for mrn in ("MRN-7", "MRN-8")
)
LEAVING: Final = """\
departures:
  - {mrn: MRN-7, action: delete, reason: moved, export: true}
  - {mrn: MRN-8, action: disconnect, reason: moved}
"""
CONFIGURATIONS: Final = {"v1": declared(more=ENV) + LEAVING, "pro": pro()}
ENDPOINTS: Final = (
    ("v1", "GET /v1/patients"),
    ("v1", "GET /v1/teamConnectionTemplate"),
    ("v1", "GET /v1/callback"),
    ("v1", "GET /v1/patients/[^/]+"),
    ("v1", "GET /v1/patients/[^/]+/code"),
    ("v1", "GET /v1/patients/[^/]+/export"),
    ("v1", "GET /v1/patients/[^/]+/recordings"),
    ("v1", "POST /v1/patients"),
    ("v1", "POST /v1/patients/[^/]+/disconnect"),
    ("v1", "DELETE /v1/patients/[^/]+"),
    ("v1", "POST /v1/users"),
    ("v1", "PUT /v1/callback"),
    ("v1", "POST /partner/.*"),
    ("pro", "GET /e/v1/callback"),
    ("pro", "PUT /e/v1/callback"),
    ("pro", "POST /e/v1/participants"),
    ("pro", "POST /e/v1/code"),
    ("pro", "POST /e/v1/user"),
    ("pro", "POST /e/v1/connection"),
    ("pro", "POST /e/v1/disconnection"),
)


def prepare(watch: Watch, configuration: str, *, export: bool) -> None:
    """Somebody who stays, somebody who is to be deleted, and somebody to disconnect."""
    if configuration == "v1":
        first = re.sub(r"(?m)^(callback|service_providers):.*\n", "", declared(OURS[0]))
        watch.write("kardia.yaml", first + STAYING)
        watch.apply()
        account = watch.desk.account
        account.connections.connect(next(one.id for one in account.patients.all() if one.mrn == "MRN-8"))
        watch.write("kardia.yaml", CONFIGURATIONS["v1"].replace(", export: true", ", export: true" * export))
        return
    watch.write("kardia.yaml", pro() + STAYING)
    watch.apply("--target", "patient/MRN-8")
    watch.write("kardia.yaml", pro() + "departures: [{mrn: MRN-8, action: disconnect, reason: moved}]\n")


@pytest.fixture
def watch() -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened, pytest.MonkeyPatch.context() as patch:
        patch.chdir(opened.desk.path)
        patch.setattr("kardia_ctl.api.limits.retry.RetryPolicy.wait", lambda *_: 0.0)
        opened.allowed |= {
            opened.place / "codes.csv",
            opened.place / "more.csv",
            opened.desk.path / ".kardia" / "key",
        }
        yield opened


def apply(watch: Watch) -> str:
    codes, results = str(watch.place / "codes.csv"), str(watch.place / "results.csv")
    found = watch.apply("--codes-out", codes, "--results", results).told
    return found + watch.apply("--json", "--codes-out", codes).told


def drive(watch: Watch) -> str:
    """Every command that asks the server; what they told."""
    path, page = str(watch.desk.path), str(watch.place / "status.html")
    told = watch.plan("--out", str(watch.place / "saved.plan")).told + apply(watch)
    for words in (
        ("plan", path, "--json"),
        ("status", path, "--html", page),
        ("codes", path, "--auto-approve", "--codes-out", str(watch.place / "codes.csv")),
        ("state", "list", path),
        *(("get", *one) for one in READS),
        ("api", "GET", "/v1/patients"),
        ("api", "DELETE", "/v1/patients/x", "--auto-approve"),
        ("recordings", "qt", "x", "--qt", "1.5", "--auto-approve"),
        ("rotate-key", "--out", str(watch.desk.path / "new.key"), "--auto-approve"),
    ):
        ran = watch.desk.run(*words)
        assert "Internal error" not in ran.err, (words, ran.err)
        watch.nothing_in(ran.err, f"stderr of {words}")
        if words[0] != "api":  # its stdout is the body as it came, which is what it is for
            watch.nothing_in(ran.out, f"stdout of {words}")
        told += ran.err
    watch.look_around()
    return told


READS: Final = (
    ("patients",), ("patient", "--id", "x"), ("recordings",), ("recordings", "--id", "x"), ("screening",),
    ("logs",), ("templates",), ("teams",), ("fields", "x"), ("symptoms", "x"), ("activity", "x"),
    ("recording", "x"), ("recording", "x", "--dialect", "pro"), ("pdf", "x", "--out", "x.pdf"),
    ("report", "--id", "x", "--out", "x.pdf"),
)  # fmt: skip


@pytest.mark.parametrize(("configuration", "people"), [("v1", PEOPLE), ("pro", OURS)])
@pytest.mark.parametrize("turn", [0, 3, 7])
def test_no_command_shows_a_value_that_every_answer_holds(
    watch: Watch, configuration: str, people: tuple[Person, ...], turn: int
) -> None:
    watch.write("kardia.yaml", CONFIGURATIONS[configuration])
    if configuration == "v1" and turn:
        watch.apply()  # the codes are there: others are asked for
    echo = watch.wire.answer = Echo(every, people)
    for _ in range(turn):
        next(echo._turns)
    assert "[hidden]" in drive(watch)
    assert len(echo.endpoints) >= 4, echo.endpoints


@pytest.mark.parametrize(("configuration", "endpoint"), ENDPOINTS)
def test_no_endpoint_leads_to_a_value(watch: Watch, configuration: str, endpoint: str) -> None:
    """The others answer as they should, so that each is reached."""

    def attacked(request: httpx.Request) -> bool:
        return re.fullmatch(endpoint, f"{request.method} {request.url.path}") is not None

    prepare(watch, configuration, export=endpoint.endswith("export"))
    echo = watch.wire.answer = Echo(attacked, OURS if configuration == "pro" else PEOPLE)
    path, told = str(watch.desk.path), ""
    for _ in range(4):
        told += apply(watch) + watch.plan().told + watch.run("status", path).told
        told += watch.run("codes", path, "--auto-approve", "--codes-out", str(watch.place / "more.csv")).told
    assert echo.endpoints, told
    assert "[hidden]" in told or "an unusual content type" in told


def test_whoever_was_observed_is_not_named_either(watch: Watch) -> None:
    """THEIRS is nobody's declaration; apply has seen them before the first write."""
    watch.desk.account.patients.add(fields(THEIRS, "MRN-4"))
    watch.wire.answer = Echo(writes, (THEIRS,))
    assert "[hidden]" in apply(watch)


def test_the_deliveries_that_the_server_lists_name_nobody(watch: Watch) -> None:
    def logs(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/logs"):
            return None
        rows = [
            {"statusCode": "500", "eventType": "newRecording", "error": value} for value in values_of(OURS[0])
        ]
        return httpx.Response(200, json={"totalCount": len(rows), "logs": rows})

    watch.wire.answer = logs
    ran = watch.run("get", "logs", "--json")
    assert (ran.code, ran.out.count("[hidden]") > 1) == (0, True), ran.told


def test_a_recording_may_be_read_although_the_declaration_is_broken(watch: Watch) -> None:
    watch.write("kardia.yaml", declared() + "patients: 1\n")
    watch.desk.account.recordings.add(
        RecordingFields(watch.desk.account.patients.add(fields(THEIRS, "X")), duration=9)
    )
    (watch.desk.path / "kardia.yaml").write_text("version: 1\npatients: [{mrn: Broken}]\n")
    watch.wire.answer = Echo(every)
    assert watch.run("get", "recordings").code == 1


def test_without_the_declaration_the_server_names_everybody(watch: Watch) -> None:
    watch.wire.answer = Echo(writes)
    with removed(Scrubber, "know", lambda *_: None), pytest.raises(AssertionError, match="MRN-"):
        apply(watch)
