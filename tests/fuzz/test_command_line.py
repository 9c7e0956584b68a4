"""Whatever stands on the command line or in the environment: an error that somebody wrote, or a plan."""

import os
from collections.abc import Iterator
from json import dumps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary.desk import InnerDesk, Ran
from tests.fuzz.speech import bounded, is_clean, patiently
from tests.fuzz.test_answers import new_desk
from tests.fuzz.test_hostile_text import HOSTILE, is_harmless

# What an argument can hold: no NUL; bytes that are no UTF-8 arrive as lone surrogates.
ARGUMENTS = st.text(st.characters(exclude_characters="\x00"), max_size=20)
KINDS = st.sampled_from(
    ["patient", "connection_code", "callback", "qt_callback", "service_provider", "mobile_user", ""]
)
NAMES = ARGUMENTS | st.sampled_from(
    ["%", "%2", "%zz", "%FF", "%ff%fe", "%00", "..", "", "CL-0001042", "one-year"]
)
ADDRESSES = ARGUMENTS | st.builds(
    lambda kind, names: "/".join((kind, *names)), KINDS, st.lists(NAMES, max_size=3)
)
HOSTS = st.sampled_from(
    [
        "",
        "a..b",
        "." * 5,
        "a" * 64,
        "a" * 300,
        "[::1",
        "[::1]",
        "[v1.x]",
        "1.2.3.4.5",
        "localhost",
        "xn--zzz",
        "\xe4",
        "%41",
    ]
)
URLS = (
    ARGUMENTS
    | st.sampled_from(
        ["https://", "http://localhost:0", "https://a:99999", "https://a:-1", "//a", "file:///etc"]
    )
    | st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https", "ftp", "socks5", "", "HTTPS", "ht\ntp"]),
        HOSTS,
        st.sampled_from(["", ":", ":0", ":80", ":x", ":65536", ":\u0663"]),
        ARGUMENTS | st.sampled_from(["", "/", "/v1", "?x", "#x", "/%", "/../.."]),
    )
)


@pytest.fixture(scope="module")
def desk() -> Iterator[InnerDesk]:
    with new_desk(applied=True) as opened:
        yield opened


def told(ran: Ran) -> None:
    is_clean(ran)
    is_harmless(ran.out)
    is_harmless(ran.err)


@bounded(120)
@given(ADDRESSES)
def test_any_address_is_an_address_or_an_error(desk: InnerDesk, address: str) -> None:
    path = str(desk.path)
    for arguments in (
        ("plan", path, "--target", address),
        ("plan", path, f"--reissue={address}"),
        ("state", "show", "--", address, path),
        ("state", "forget", "--", address, path),
    ):
        with patiently():
            told(desk.run(*arguments))


@bounded(80)
@given(ADDRESSES)
def test_any_assumed_address_is_an_error_and_sends_nothing(desk: InnerDesk, address: str) -> None:
    before = desk.sent("POST") + desk.sent("PUT")
    for option in ("--assume-absent", "--assume-created"):
        with patiently():
            ran = desk.apply(f"{option}={address}")
        told(ran)
        assert ran.code == 1
    assert desk.sent("POST") + desk.sent("PUT") == before


@bounded(300)
@given(URLS)
def test_any_endpoint_is_used_or_refused(desk: InnerDesk, url: str) -> None:
    with patiently():
        told(desk.plan(f"--endpoint={url}"))


@bounded(120)
@given(URLS)
def test_any_endpoint_in_the_environment_is_used_or_refused(desk: InnerDesk, url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        try:
            patch.setenv("KARDIA_ENDPOINT", url)
        except UnicodeEncodeError:
            return
        with patiently():
            told(desk.plan())


@bounded(160)
@given(
    URLS | st.sampled_from(["socks5://localhost:1", "socks4://a", "http://u:p@localhost:1", "localhost:1"])
)
def test_any_proxy_is_used_or_refused_and_its_password_is_not_shown(url: str) -> None:
    with new_desk() as desk:
        wire, desk.wire = desk.wire, None  # type: ignore[assignment]  # what a real session has: no wire yet
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("httpx.AsyncHTTPTransport.handle_async_request", wire.handle_async_request)
            with patiently():
                ran = desk.plan(f"--proxy={url}")
    told(ran)
    assert "u:p@" not in ran.told


@bounded(240)
@given(URLS)
def test_any_callback_is_planned_or_refused(url: str) -> None:
    with new_desk() as desk:
        (desk.path / "kardia.yaml").write_text(f"version: 1\ncallback: {{url: {dumps(url)}}}\n")
        with patiently():
            told(desk.run("validate", str(desk.path)))
            told(desk.plan())
            told(desk.apply())


@bounded(120)
@given(URLS | st.builds("{}://{}".format, st.sampled_from(["sqlite", "postgresql", "s3"]), ARGUMENTS))
def test_any_state_url_is_used_or_refused(url: str) -> None:
    with new_desk() as desk:
        (desk.path / "kardia.yaml").write_text(f"version: 1\nstate: {dumps(url)}\n")
        with patiently():
            told(desk.plan())


@bounded(80)
@given(
    ARGUMENTS | st.sampled_from([text for text in HOSTILE if "\0" not in text]),
    st.sampled_from(["plan", "apply", "show", "validate", "codes", "init"]),
)
def test_any_word_is_a_command_a_path_or_an_error(desk: InnerDesk, word: str, command: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk.path)
        for arguments in ((word,), (command, "--" + word), ("state", word), ("plan", "--parallelism", word)):
            with patiently():
                told(desk.run(*arguments))
        if command != "init":
            with patiently():
                told(desk.run(command, "--", word))


@bounded(80)
@given(st.text(st.characters(exclude_characters="\x00"), max_size=30))
def test_any_key_in_the_environment_is_used_or_refused(desk: InnerDesk, value: str) -> None:
    for name in ("KARDIA_API_KEY", "KARDIA_PLAN_KEY", "KARDIA_STATE_ENCRYPTION_KEY", "KARDIA_STATE_KEY"):
        with pytest.MonkeyPatch.context() as patch:
            try:
                os.fsencode(value)
            except UnicodeEncodeError:
                return
            patch.setenv(name, value)
            with patiently():
                told(desk.plan("--out", str(desk.path.parent / "x.plan")))
