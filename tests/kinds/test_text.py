"""The formats that the schema names."""

import pytest

from kardia_ctl.kinds.formats import FORMATS, choice, text


@pytest.mark.parametrize("day", ["2000-02-29", "1899-12-31", "9999-12-31"])
def test_days_that_exist(day: str) -> None:
    assert FORMATS["date"](day)


@pytest.mark.parametrize(
    "day",
    [
        "2000-02-30",
        "1900-02-29",
        "0000-01-01",
        "2000-7-21",
        "20000721",
        "2000-W01-1",
        "2000-07-21\n",
        "",
        " 2000-07-21",
    ],
)
def test_days_that_do_not(day: str) -> None:
    assert not FORMATS["date"](day)


@pytest.mark.parametrize("address", ["a@b", "joe+kardia@example.com", "ö@example.com", "a@sub.example.com"])
def test_addresses(address: str) -> None:
    assert FORMATS["email"](address)


@pytest.mark.parametrize(
    "address", ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b.", "a@.b", "a@b..c", "a@b\n", "x" * 65 + "@b"]
)
def test_texts_that_are_no_address(address: str) -> None:
    assert not FORMATS["email"](address)


@pytest.mark.parametrize("mark", ["\n", "\t", "\0", "\x7f", "\u200b", "\u202e", "\u2066", "\ufeff", "\u00a0"])
def test_marks_that_cannot_be_seen_are_not_printable(mark: str) -> None:
    assert not FORMATS["printable"](f"a{mark}b")


def test_formats_leave_other_types_to_the_schema() -> None:
    assert all(check(["a"]) for check in FORMATS.values())


def test_editors_may_see_numbers_where_a_text_is_written() -> None:
    assert "number" in text("x")["type"]
    assert choice("x", 1, "male")["enum"] == ["1", "male", 1]
