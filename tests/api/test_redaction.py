import pytest

from kardia_ctl.api.redaction import printable, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tand  spaces", "two lines and spaces"),
        ("\x1b[31mred\x07", "�[31mred�"),
        ("\u202eevil\u2066\u200b\ufeff", "�evil���"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("::set-env name=X::y", "::set-env name=X::y"),
        ("\ud800", "�"),
    ],
)
def test_what_is_shown_obeys_nobody(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_what_is_shown_is_bounded() -> None:
    assert printable("x" * 500, 10) == "x" * 10 + "…"
    assert printable("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("joe@example.com exists", "[e-mail] exists"),
        ("<joe.smith+x@mail.example.com>", "<[e-mail]>"),
        ("born 2000-07-21", "born [date]"),
        ("born 21.07.2000 or 7/21/2000", "born [date] or [date]"),
        ("born 20000721", "born [date]"),
        ("call +1 (555) 010-9999", "call [phone]"),
        ("call 5550109999", "call [phone]"),
        ("code LQYP-MSAK-NPJR", "code [code]"),
        ("key 3test974-cd11-48c3-a0dd-621test8test", "key [key]"),
        ("key 7863674b-1919-432b-90d5-838fb8207d3f", "key [key]"),
        ("limit must be 1 to 500", "limit must be 1 to 500"),
    ],
)
def test_what_looks_like_a_person_or_a_secret_is_left_out(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_what_was_sent_is_left_out_in_any_case() -> None:
    assert (
        redacted("JOE smith, Joel and joe.", ("Joe", "Smith", "")) == "[hidden] [hidden], Joel and [hidden]."
    )


def test_a_single_letter_does_not_blank_the_text() -> None:
    assert redacted("a patient", ("a",)) == "a patient"


def test_longer_values_go_first() -> None:
    assert redacted("Mary Ann", ("Mary", "Mary Ann")) == "[hidden]"
