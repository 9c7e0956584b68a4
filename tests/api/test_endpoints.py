import pytest

from kardia_ctl.api.endpoints import (
    EFFECTS,
    READ_PATIENT,
    SAFE_READS,
    Nature,
    base_url_for,
    check_endpoint,
    encode,
    fill,
)
from kardia_ctl.model.configuration import Region
from kardia_ctl.model.errors import ApiError, NotExecuted


def test_the_safe_reads_are_this_list_and_no_other() -> None:
    assert [str(endpoint) for endpoint in SAFE_READS] == [
        "GET /v1/patients",
        "GET /v1/patients/:patient",
        "GET /v1/callback",
        "GET /v1/qtCallback",
        "GET /v1/teamConnectionTemplate",
        "GET /v1/patients/:patient/recordings",
        "GET /e/v1/callback",
    ]


def test_an_effect_stays_an_effect_however_it_is_spelled() -> None:
    assert "GET /v1/patients/:patient/code" in {str(endpoint) for endpoint in EFFECTS}
    assert not set(SAFE_READS) & set(EFFECTS)
    assert all(endpoint.nature is Nature.SAFE for endpoint in SAFE_READS)
    assert all(endpoint.nature is not Nature.SAFE for endpoint in EFFECTS)


def test_what_would_be_done_twice_is_sent_once() -> None:
    assert {str(endpoint) for endpoint in EFFECTS if endpoint.nature is Nature.ONCE} == {
        "POST /v1/patients",
        "GET /v1/patients/:patient/export",
        "POST /v1/users",
        "POST /v1/apikey/new",
        "POST /e/v1/code",
        "POST /e/v1/user",
        "POST /e/v1/connection",
    }


def test_each_region_has_its_documented_host() -> None:
    assert base_url_for(Region.US) == "https://api.kardia.com"
    assert base_url_for(Region.EU) == "https://eu-api.kardia.com"


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://api.kardia.com", "https://api.kardia.com"),
        ("https://api.kardia.com/", "https://api.kardia.com"),
        ("https://gateway.example.com:8443/kardia/", "https://gateway.example.com:8443/kardia"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_an_endpoint_is_https_or_loopback(url: str, checked: str) -> None:
    assert check_endpoint(url) == checked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.kardia.com",
        "http://api.kardia.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "ftp://localhost",
        "https://",
        "https://user:secret@api.kardia.com",
        "https://@api.kardia.com",
        "https://api.kardia.com?secret",
        "https://api.kardia.com?",
        "https://api.kardia.com#secret",
        "https://api.kardia.com:port",
        "https://[::1",
        "https://api.kardia.com/\n",
        "https://api kardia.com",
    ],
)
def test_an_endpoint_that_would_leak_the_key_is_refused_unrepeated(url: str) -> None:
    with pytest.raises(ApiError, match=r"Next: write https://HOST") as caught:
        check_endpoint(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("wNSEDeLO", "/v1/patients/wNSEDeLO"),
        ("a/code", "/v1/patients/a%2Fcode"),
        ("a?b#c%", "/v1/patients/a%3Fb%23c%25"),
        ("...", "/v1/patients/..."),
        ("ø", "/v1/patients/%C3%B8"),
    ],
)
def test_an_id_is_one_segment(name: str, path: str) -> None:
    assert fill(READ_PATIENT, [name]) == path


@pytest.mark.parametrize("name", ["", ".", "..", "\ud800"])
def test_an_id_that_names_another_endpoint_is_not_sent(name: str) -> None:
    with pytest.raises(NotExecuted, match="cannot be sent"):
        fill(READ_PATIENT, [name])


def test_values_are_encoded_strictly() -> None:
    assert encode([("start", "a+b/c=="), ("x y", "é&~-._")]) == "start=a%2Bb%2Fc%3D%3D&x%20y=%C3%A9%26~-._"
