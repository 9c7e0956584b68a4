import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.render.escape import escape

ANYTHING = st.text(st.characters())


@given(ANYTHING)
def test_nothing_that_acts_on_a_terminal_is_left(text: str) -> None:
    bad = [char for char in escape(text) if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert not bad


@given(ANYTHING | st.from_regex(r"\s*::[a-z]+::", fullmatch=True))
def test_no_line_is_a_workflow_command(text: str) -> None:
    shown = escape(text)
    assert not re.match(r"\s*::", shown)
    assert "##" not in shown


@given(ANYTHING)
def test_neutral_text_stays_as_it_is(text: str) -> None:
    assert escape(escape(text)) == escape(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zo\u00eb M\u00fcller \U0001f600", "Zo\u00eb M\u00fcller \U0001f600"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[2J", r"\x1b[2J"),
        ("abc\u202edef", r"abc\u202edef"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("::set-env name=A::b", r"\x3a:set-env name=A::b"),
        (" ::stop-commands::x", r" \x3a:stop-commands::x"),
        ("x ##vso[task]", r"x \x23#vso[task]"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_each_kind_of_mark_becomes_a_visible_escape(text: str, shown: str) -> None:
    assert escape(text) == shown
