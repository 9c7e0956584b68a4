"""doctor and the account: what the documents leave open is shown, what is wrong is said, each check alone."""

from datetime import UTC, datetime

import pytest

from kardia_ctl.api.answer import Answer
from kardia_ctl.cli.commands.doctor.account_checks import check_clock
from kardia_ctl.cli.commands.doctor.looks import Look, Looks
from kardia_ctl.cli.commands.doctor.premises import checked
from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.sandbox.data.values import Hook
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults
from kardia_ctl.sandbox.quirks import CursorStyle, ListEnvelope, Quirks, UnsetCallback
from tests.cli.commands.doctor.clinics import Surgery

ASKED = (
    "GET /v1/teamConnectionTemplate",
    "GET /v1/patients",
    "GET /v1/callback",
    "GET /v1/qtCallback",
    "GET /v1/logs",
)
"""All that doctor may send."""

ACCOUNT = ("tenant", "templates", "list", "cursor", "count", "callback", "qt callback", "deliveries")


def test_a_clinic_that_is_well_is_told_so_with_seven_reads(surgery: Surgery) -> None:
    surgery.applied()
    found = surgery.examined()
    assert found.wrong == set()
    assert found.code == 0
    assert found.document["fine"] is True
    routes = [f"{record.method} {record.route}" for record in surgery.account.requests.all()][-7:]
    assert set(routes) <= set(ASKED)
    assert found.document["requests"] == len(found.methods) == 7
    assert "team Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah" in found.text("tenant")
    assert "patients[3], totalCount 3, pageInfo {startCursor, endCursor, hasNextPage}" in found.text("list")
    assert "set to hooks.example.com" in found.text("callback")
    assert "within a minute" in found.text("clock")
    assert "3 patients" in found.text("state")
    assert "it fits the state" in found.text("state key")
    assert "done" in found.text("last run")


@pytest.mark.parametrize(
    "kind", [FaultKind.UNAVAILABLE, FaultKind.THROTTLED, FaultKind.DROPPED, FaultKind.HTML]
)
def test_seven_requests_are_the_most_whatever_the_server_does(kind: FaultKind, surgery: Surgery) -> None:
    surgery.fill(3)
    found = surgery.examined(None, Faults((FaultRule(kind),)))
    assert found.code == 1
    assert len(found.methods) <= 7
    assert found.document["requests"] <= 7
    assert set(found.methods) <= {"GET"}


@pytest.mark.parametrize(
    ("path", "stays"),
    [
        ("/v1/teamConnectionTemplate", {"list", "cursor", "count", "callback", "qt callback", "deliveries"}),
        ("/v1/callback", {"tenant", "templates", "list", "cursor", "count", "qt callback", "deliveries"}),
        ("/v1/logs", {"tenant", "templates", "list", "cursor", "count", "callback", "qt callback"}),
        ("/v1/patients", {"tenant", "templates", "callback", "qt callback", "deliveries"}),
    ],
)
@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.HTML, FaultKind.DROPPED, FaultKind.TRUNCATED])
def test_each_check_of_an_answer_fails_alone(
    path: str, stays: set[str], kind: FaultKind, surgery: Surgery
) -> None:
    surgery.applied()
    found = surgery.examined(None, Faults((FaultRule(kind, path=path, status=500),)))
    assert found.wrong == {"answers"}
    assert {check for check in ACCOUNT if found.grade(check) != "skipped"} == stays


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (UnsetCallback.EMPTY, 'url: ""'),
        (UnsetCallback.NULL, "url: null"),
        (UnsetCallback.NOT_FOUND, "status 404"),
        (UnsetCallback.BAD_REQUEST, "status 400"),
    ],
)
def test_how_a_callback_is_not_set_is_shown_as_it_was_found(
    form: UnsetCallback, said: str, surgery: Surgery
) -> None:
    found = surgery.examined(Quirks(unset_callback=form))
    assert found.grade("callback") == "note"
    assert f"not set; the server says so by {said}" in found.text("callback")
    assert found.code == 0


def test_the_older_name_of_the_array_is_shown(surgery: Surgery) -> None:
    surgery.fill(3)
    found = surgery.examined(Quirks(envelope=ListEnvelope.DATA))
    assert "data[3], totalCount 3" in found.text("list")
    assert (found.code, found.grade("cursor"), found.grade("count")) == (0, "fine", "fine")


@pytest.mark.parametrize("style", CursorStyle)
def test_a_cursor_of_any_kind_leads_to_the_next_row(style: CursorStyle, surgery: Surgery) -> None:
    surgery.fill(3)
    found = surgery.examined(Quirks(cursor_style=style))
    if style is CursorStyle.SECOND:  # all three were added within a second: none is listed after the first
        assert "it leads to an empty page" in found.text("cursor")
    else:
        assert "characters with +/=, and leads to the next row" in found.text("cursor")


@pytest.mark.parametrize("offset", [-1, 1])
def test_a_count_that_is_not_that_of_the_list_is_wrong(offset: int, surgery: Surgery) -> None:
    surgery.fill(3)
    found = surgery.examined(Quirks(total_count_offset=offset))
    assert found.wrong == {"count"}
    assert f"totalCount is {3 + offset}, and the whole list has 3 patients" in found.text("count")


def test_a_capped_page_is_no_wrong_count(surgery: Surgery) -> None:
    surgery.fill(5)
    found = surgery.examined(Quirks(page_cap=2))
    assert "patients[2] of 500 that a page may have, totalCount 5" in found.text("list")
    assert (found.grade("count"), found.grade("cursor")) == ("fine", "fine")


def test_a_refused_key_is_said_once(surgery: Surgery) -> None:
    surgery.patch.setenv("KARDIA_API_KEY", "another-key-of-somebody")
    found = surgery.examined()
    assert "401" in found.text("answers")
    assert "check the key in KARDIA_API_KEY" in found.text("answers")
    assert "another-key-of-somebody" not in str(found.document)
    assert len(found.of("answers")) <= 2
    assert found.grade("tenant") == "skipped"


def test_a_host_that_is_down_is_said_and_the_rest_is_checked(surgery: Surgery) -> None:
    surgery.applied()
    surgery.patch.setenv("KARDIA_ENDPOINT", "http://127.0.0.1:9")
    found = surgery.doctor()
    assert found.wrong == {"answers"}
    assert "127.0.0.1:9 refused the connection" in found.text("answers")
    assert len(found.of("answers")) == 1
    assert found.grade("state") == found.grade("files") == "fine"
    assert found.methods == ()


@pytest.mark.parametrize(
    ("ahead", "grade", "said"),
    [
        (0, "fine", "within a minute"),
        (50, "fine", "within"),
        (600, "wrong", "600 s ahead of"),
        (-7200, "wrong", "behind"),
    ],
)
def test_a_clock_that_differs_is_said(ahead: int, grade: str, said: str) -> None:
    date = "Mon, 02 Mar 2026 10:00:00 GMT"
    theirs = datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp()
    look = Look(Answer(200, "application/json", b"[]", date=date), at=theirs + ahead + 0.5)
    (found,) = check_clock(Looks({"templates": look}))
    assert found.grade == grade
    assert said in found.text


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_a_date_that_is_none_is_no_error(date: str) -> None:
    looks = Looks({"templates": Look(Answer(200, "application/json", b"[]", date=date))})
    found = [*checked("clock", lambda: check_clock(looks))]
    assert [one.grade for one in found] == ["note" if date else "skipped"]


def test_a_key_of_another_team_is_wrong(surgery: Surgery) -> None:
    surgery.edit(lambda text: text.replace(TEAM_ID, "anotherTeam"))
    found = surgery.examined()
    assert "tenant" in found.wrong
    assert f"the key is of team {TEAM_ID}, and kardia.yaml is of team anotherTeam" in found.text("tenant")


def test_templates_that_do_not_exist_are_named(surgery: Surgery) -> None:
    surgery.edit(
        lambda text: text.replace(
            "  one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403\n", "  one-year: gone\n  two: {name: No}\n"
        )
    )
    found = surgery.examined()
    assert found.wrong == {"templates"}
    assert "one-year: no template has its id" in found.text("templates")
    assert "two: no templates have its name" in found.text("templates")


def test_a_callback_to_a_host_that_is_not_allowed_is_wrong(surgery: Surgery) -> None:
    surgery.edit(lambda text: f"{text}\ncallback_hosts: [hooks.example.com]\n")
    surgery.account.settings.set_callback(Hook.CALLBACK, "https://other.example.org/kardia?token=secret")
    found = surgery.examined()
    assert found.wrong == {"callback"}
    assert "set to other.example.org, which callback_hosts does not name" in found.text("callback")
    assert "secret" not in str(found.document)


@pytest.mark.parametrize(
    ("statuses", "grade", "said"),
    [
        (["200", "200"], "fine", "the last 2 were accepted"),
        (["500", "200"], "note", "1 of the last 2 failed (500 1 times); the newest was accepted"),
        (["200", "500"], "wrong", "1 of the last 2 failed (500 1 times), the newest too"),
        (["0", "<b>Ann</b>"], "wrong", "2 of the last 2 failed (no status 2 times), the newest too"),
    ],
)
def test_deliveries_that_failed_are_counted(
    statuses: list[str], grade: str, said: str, surgery: Surgery
) -> None:
    with surgery.account.outbox._timeline.writing() as db:
        for number, status in enumerate(statuses):
            sql = "INSERT INTO deliveries (hook, event, status, created_at, error) VALUES (?, ?, ?, ?, ?)"
            db.execute(sql, ("callback", "newRecording", status, number, "Ann Quist"))
    found = surgery.examined()
    assert found.grade("deliveries") == grade
    assert said in found.text("deliveries")
    assert "Quist" not in str(found.document)


def test_the_older_api_is_asked_for_its_callback_alone(surgery: Surgery) -> None:
    (surgery.path / "kardia.yaml").write_text("version: 1\napi: {dialect: pro}\npatients: []\n")
    found = surgery.examined()
    assert found.document["requests"] == 1
    assert found.wrong == set()
    assert found.of("tenant") == found.of("list") == []
