"""Lists as table, JSON and CSV: harmless to terminals and spreadsheets, without what is hidden."""

import csv
import io
import json
from typing import Any

import pytest

from kardia_ctl.render.records import record_columns as shapes
from kardia_ctl.render.records.listing import ListFormat, json_line, printer, record_text
from kardia_ctl.render.records.record_columns import Shape
from kardia_ctl.render.records.visibility import visible_record

PATIENT = {
    "id": "p1",
    "mrn": "JS-1",
    "dob": "1970-03-12",
    "email": "joe@example.com",
    "firstname": "Joe",
    "lastname": "Smith",
    "sex": 1,
    "status": "pending",
}
HOSTILE = "\x1b[2J\u202e##vso[x]\r\n::set-env"


def guard(text: str) -> str:
    return text.replace("joe@example.com", "[e-mail]")


def printed(form: ListFormat, shape: Shape, *pages: list[dict[str, Any]], show_phi: bool = False) -> str:
    text = printer(form, shape, show_phi=show_phi)
    parts = [
        text.page([visible_record(row, shape, guard, show_phi=show_phi) for row in page]) for page in pages
    ]
    return "".join((*parts, text.end()))


def test_a_table_leaves_out_the_columns_of_which_nothing_may_be_seen() -> None:
    assert printed(ListFormat.TABLE, shapes.PATIENTS, [PATIENT]) == "ID  MRN   STATUS\np1  JS-1  pending\n"


def test_a_table_shows_everything_to_whom_it_is_meant_for() -> None:
    text = printed(ListFormat.TABLE, shapes.PATIENTS, [PATIENT], show_phi=True)
    assert text.splitlines()[1].split() == [
        "p1", "JS-1", "pending", "1", "1970-03-12", "joe@example.com", "Joe", "Smith",
    ]  # fmt: skip


@pytest.mark.parametrize("form", [ListFormat.JSON, ListFormat.CSV])
def test_hidden_values_are_marked_as_hidden_even_when_they_are_missing(form: ListFormat) -> None:
    text = printed(form, shapes.PATIENTS, [PATIENT | {"email": None}])
    assert "Smith" not in text
    assert "1970" not in text
    assert text.count("(hidden)") == 5


def test_a_field_that_nobody_has_heard_of_is_left_out_with_its_name() -> None:
    assert visible_record({"nickname": "Joey"}, shapes.PATIENTS, guard, show_phi=False) == {}
    assert visible_record({"nickname": "Joey"}, shapes.PATIENTS, guard, show_phi=True) == {"nickname": "Joey"}


@pytest.mark.parametrize("show_phi", [False, True])
@pytest.mark.parametrize("name", ["secretKey", "secret_key", "SecretKey", "apiKey", "password", "user_token"])
def test_a_secret_is_shown_to_nobody(name: str, show_phi: bool) -> None:
    row = {"id": "t", name: "s3cret", "name": [{name: "s3cret"}]}
    assert "s3cret" not in json.dumps(visible_record(row, shapes.TEAMS, guard, show_phi=show_phi))


def test_of_a_callback_url_the_token_is_hidden() -> None:
    row = {"callbackUrl": "https://u:p@hooks.example.com/x?token=abc"}
    found = visible_record(row, shapes.TEAMS, guard, show_phi=False)["callbackUrl"]
    assert found == "https://hooks.example.com/x?(hidden)"
    assert visible_record(row, shapes.TEAMS, guard, show_phi=True) == row


def test_free_text_of_logs_is_guarded() -> None:
    row = {"statusCode": "500", "error": "no answer for joe@example.com"}
    assert visible_record(row, shapes.LOGS, guard, show_phi=False)["error"] == "no answer for [e-mail]"


def test_a_harmless_field_holds_nothing_but_a_plain_value() -> None:
    row = {"id": {"Joe": 1}, "mrn": "JS-1"}
    assert visible_record(row, shapes.PATIENTS, guard, show_phi=False) == {"id": "(hidden)", "mrn": "JS-1"}


def test_of_samples_the_numbers_are_shown() -> None:
    row = {"data": {"raw": {"frequency": 300, "samples": {"lead_I": [1, 2]}, "Joe Smith": 1, "by": "Joe"}}}
    raw = visible_record(row, shapes.RECORDING, guard, show_phi=False)["data"]["raw"]
    assert raw == {"frequency": 300, "samples": {"lead_I": [1, 2]}, "by": "(hidden)"}


@pytest.mark.parametrize("names", [("fieldName", "fieldValue"), ("FieldName", "FieldValue")])
def test_custom_fields_show_their_names_and_hide_their_values(names: tuple[str, str]) -> None:
    name, value = names
    row = {"id": "p1", shapes.CUSTOM: [{"id": "f", name: "contact", value: "Ann Smith"}]}
    hidden = printed(ListFormat.CSV, shapes.PATIENTS_WITH_FIELDS, [row])
    assert "contact=(hidden)" in hidden
    assert "Smith" not in hidden
    assert "contact=Ann Smith" in printed(ListFormat.CSV, shapes.PATIENTS_WITH_FIELDS, [row], show_phi=True)


def test_json_is_one_array_whatever_the_pages_with_a_row_a_line() -> None:
    rows = [{"id": str(number)} for number in range(5)]
    for pages in ([rows], [rows[:2], [], rows[2:]], [[], rows]):
        text = printed(ListFormat.JSON, shapes.PATIENTS, *pages)
        assert json.loads(text) == rows
        assert text.count("\n") == 7
    assert json.loads(printed(ListFormat.JSON, shapes.PATIENTS)) == []


def test_json_that_was_cut_off_is_no_json() -> None:
    text = printer(ListFormat.JSON, shapes.PATIENTS, show_phi=False).page([{"id": "1"}])
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(text)


@pytest.mark.parametrize("form", ListFormat)
def test_nothing_that_a_server_says_moves_a_cursor_or_commands_a_runner(form: ListFormat) -> None:
    text = printed(form, shapes.PATIENTS, [PATIENT | {"mrn": HOSTILE, "id": HOSTILE}], show_phi=True)
    assert all(char == "\n" or char.isprintable() for char in text)
    assert "\u202e" not in text
    assert "##" not in text
    assert not any(line.startswith("::") for line in text.splitlines())


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "\t=1", "\uff1d1"])
def test_csv_holds_no_formula(value: str) -> None:
    text = printed(ListFormat.CSV, shapes.PATIENTS, [PATIENT | {"lastname": value}], show_phi=True)
    cell = list(csv.reader(io.StringIO(text)))[1][-1]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\uff1d"))


def test_csv_has_its_heading_without_a_row() -> None:
    assert printed(ListFormat.CSV, shapes.LOGS) == "createdAt,eventType,statusCode,error\n"


def test_a_number_is_no_formula() -> None:
    assert (
        printed(ListFormat.CSV, shapes.QT, [{"qtcb": -5.12, "error": None}]).splitlines()[1] == ",,,,-5.12,,,"
    )


def test_one_record_is_a_field_a_line() -> None:
    assert (
        record_text({"b": True, "id": "x\n", "mrn": None}, shapes.PATIENTS) == "id   x\\n\nmrn\nb    true\n"
    )


def test_json_keeps_what_it_says() -> None:
    value = {"a": "##é\x7f\u2028", "b": [1, 2.5, None, True]}
    assert json.loads(json_line(value)) == value
