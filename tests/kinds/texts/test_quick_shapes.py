"""What is found quickly is part of what is found: the quick expressions decide nothing by themselves."""

import re

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.kinds.texts.addresses import ANY_DOMAIN, ANY_LOCAL, QUICK_DOMAIN, QUICK_LOCAL
from kardia_ctl.kinds.texts.spoiled import ANY_IDENTIFIER, QUICK_IDENTIFIER

PIECES = ["a", "Z", "0", "7", "X", "XX", "x", ".", "-", "_", "+", "com", "de", "local", "LAN", "MAR", "Mar"]
LONG = ["a" * 31, "b" * 32, "c" * 33, "d" * 60, "0" * 15, "2147483647"]
TEXTS = st.lists(st.sampled_from(PIECES + LONG), min_size=1, max_size=6).map("".join)


@given(TEXTS)
def test_a_quick_identifier_is_one(text: str) -> None:
    assert not re.fullmatch(QUICK_IDENTIFIER, text) or re.fullmatch(ANY_IDENTIFIER, text)


@given(st.from_regex(QUICK_IDENTIFIER, fullmatch=True, alphabet=st.sampled_from("AXZM-_0129")))
def test_every_quick_identifier_is_one(text: str) -> None:
    assert re.fullmatch(ANY_IDENTIFIER, text)


@given(TEXTS, TEXTS)
def test_a_quick_address_is_one(local: str, domain: str) -> None:
    for before in (QUICK_LOCAL, ANY_LOCAL):
        for after in (QUICK_DOMAIN, ANY_DOMAIN):
            if re.fullmatch(f"{before}@{after}", f"{local}@{domain}"):
                assert re.fullmatch(f"{ANY_LOCAL}@{ANY_DOMAIN}", f"{local}@{domain}")
