"""What is found quickly is part of what is found: the quick expressions decide nothing by themselves."""

import re

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.kinds.texts.addresses import ANY_DOMAIN, ANY_LOCAL, QUICK_DOMAIN, QUICK_LOCAL
from kardia_ctl.kinds.texts.spoiled import ANY_IDENTIFIER, QUICK_IDENTIFIER


@given(st.from_regex(QUICK_IDENTIFIER, fullmatch=True, alphabet=st.sampled_from("AXZM-_0129")))
def test_a_quick_identifier_is_one(text: str) -> None:
    assert re.fullmatch(ANY_IDENTIFIER, text)


LOCALS = st.lists(st.text("aZ0_+-", min_size=1, max_size=66), min_size=1, max_size=2).map(".".join)
HOSTS = st.text("aZ0-", min_size=1, max_size=34)
DOMAINS = st.tuples(HOSTS, st.sampled_from(["com", "de", "nl", "local"])).map(".".join)


@given(LOCALS, DOMAINS)
def test_a_quick_address_is_one(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    for shape in (f"{QUICK_LOCAL}@{ANY_DOMAIN}", f"{ANY_LOCAL}@{QUICK_DOMAIN}"):
        assert not re.fullmatch(shape, text) or re.fullmatch(f"{ANY_LOCAL}@{ANY_DOMAIN}", text)


def test_most_addresses_are_quick() -> None:
    assert re.fullmatch(f"{QUICK_LOCAL}@{QUICK_DOMAIN}", "ann.lee@example.com")
    assert re.fullmatch(QUICK_IDENTIFIER, "CL-0001042")
