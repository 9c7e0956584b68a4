"""E-mail addresses that no mail system delivers to are told apart from odd ones."""

import pytest

from kardia_ctl.kinds.texts.addresses import are_plain_addresses
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import doubt, fault

PLAIN = [
    *(
        "ann@example.com",
        "a.b+c@mail.example.co.uk",
        "ANN_1@EXAMPLE.COM",
        "a-b@x-y.example.org",
        "a@x.test",
        "a@x.example",
    ),
]
RIGHT = [
    *PLAIN,
    "a@b.c",
    "o'brien@example.com",
    "jörg@exämple.de",
    "a@xn--exmple-cua.de",
    "李@例え.jp",
    "a!b@example.com",
    "a..b@docomo.ne.jp",
    "a.b.@ezweb.ne.jp",
]
WRONG = [
    *(
        "mailto:ann@example.com",
        "<ann@example.com>",
        "Ann <ann@example.com>",
        "ann@example,com",
        "ann@example.com/bo",
    ),
    *("ann@example.com;bo@example.org", "ann@example.com, bo@example.org", "ann@example.com bo@example.org"),
    *(
        "ann",
        "ann@",
        "@example.com",
        "a@@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
    ),
    *(
        "a@-x.com",
        "a@x-.com",
        "a@x..com",
        "a@.com",
        "a@example.com.",
        "a@1.2.3.4",
        "a@example.123",
        "a@[1.2.3.4]",
    ),
    *(
        "a b@example.com",
        '"a b"@example.com',
        f"{'a' * 65}@example.com",
        f"a@{'b' * 64}.com",
        f"a@{'b.' * 130}com",
    ),
    *(
        "a@exa_mple.com",
        "a@exam\u200bple.com",
        "a@example.com\n",
        "a@exa%20mple.com",
        "JosÃ©@example.com",
        "#N/A",
        "",
    ),
]
ODD = [
    "ann@example",
    "ann@localhost",
    "a@clinic.local",
    "a@clinic.LOCAL",
    "a@x.invalid",
    "a@clinic.internal",
    "a@x.lan",
]


@pytest.mark.parametrize("value", RIGHT, ids=ascii)
def test_an_address_that_mail_reaches_is_taken(value: str) -> None:
    assert (fault(TextFormat.EMAIL, value), doubt(TextFormat.EMAIL, value)) == (None, None)


@pytest.mark.parametrize("value", WRONG, ids=ascii)
def test_an_address_that_no_mail_system_delivers_to_is_wrong(value: str) -> None:
    assert fault(TextFormat.EMAIL, value)
    assert not are_plain_addresses([value])


@pytest.mark.parametrize("value", ODD)
def test_a_host_that_mail_from_elsewhere_does_not_reach_is_odd(value: str) -> None:
    assert fault(TextFormat.EMAIL, value) is None
    assert doubt(TextFormat.EMAIL, value)


def test_the_plain_majority_never_needs_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "email_validator", None)
    assert are_plain_addresses(PLAIN)
    assert [fault(TextFormat.EMAIL, value) for value in PLAIN] == [None] * len(PLAIN)
    with pytest.raises(ImportError):
        fault(TextFormat.EMAIL, "jörg@exämple.de")
