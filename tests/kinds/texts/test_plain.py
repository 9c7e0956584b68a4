"""What is plain is what the table of damages finds nothing in."""

from hypothesis import example, given
from hypothesis import strategies as st

from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import ALL_DAMAGES, are_sound

PIECES = [
    "Lee",
    "A",
    "1",
    "-",
    " ",
    ".",
    "'",
    "’",
    "é",
    "Ã",
    "©",
    "Š",
    "0",
    "E+",
    "\u200c",
    "ی",
    "NULL",
    "\n",
    "_x000D_",
    "Í",
    "Ä",
    "á",
    "š",
    "À",
    "Ÿ",
    "Ж",
    "þÿ",
    "unknown",
    "2024-01-01",
    "5" * 15,
    "2147483647",
    "xxx",
    "/",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join))
@example("LeeÄš")
@example("LeeÀÀÀÀ")
@example("Leeášž")
@example("Ä’Lee")
@example("LeeØ’Lee")
@example("Leeá’š")
@example("Leeáš’Lee")
@example("Leeðš’ž")
@example("uNk")
@example("xxx xxx.")
@example("NaN")
@example("Mar-01")
def test_what_is_plain_is_what_the_table_finds_nothing_in(value: str) -> None:
    """The pattern for whole columns only saves time: it may take nothing that the table would not."""
    for form in (TextFormat.NAME, TextFormat.IDENTIFIER):
        if are_sound(form, [value]):
            assert value.replace("\u200c", "").isprintable()
            assert value == value.strip() != ""
            assert not [
                one for one in ALL_DAMAGES if form in one.wrong | one.odd and one.pattern.search(value)
            ]
