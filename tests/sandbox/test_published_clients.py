"""Clients that were written without us: the documents' own curl lines, requests-like calls, plain urllib.

They run against the installed command as anyone would start it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import httpx
import pytest

COMMAND = str(Path(sys.executable).with_name("kardia-ctl"))
KEY = "3test974-cd11-48c3-a0dd-621test8test"
ONE_YEAR = "4qq0q0tSkSKziiUcyjOYbpi9whdo7403"


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("KARDIA_")}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [COMMAND, "sandbox", "serve", "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment() | {"KARDIA_API_KEY": KEY},
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == ""


def form(url: str, path: str, **fields: Any) -> Any:
    """What `requests.post(url, data=…, auth=(key, ""))` sends."""
    response = httpx.post(url + path, data=fields, auth=(KEY, ""), trust_env=False)
    assert response.is_success
    return response.json()


def get(url: str, path: str, **params: Any) -> Any:
    response = httpx.get(url + path, params=params, auth=(KEY, ""), trust_env=False)
    assert response.is_success
    return response.json()


def pro(url: str, method: str, path: str, body: object = None, key: str = KEY) -> Any:
    """What a script with urllib and a bare key sends."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": key, "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data, headers, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
        return json.load(response)


def test_the_first_line_is_the_url_and_there_is_something_to_see(url: str) -> None:
    assert url.startswith("http://127.0.0.1:")
    page = get(url, "/v1/patients", limit=50)
    assert page["totalCount"] == len(page["patients"]) >= 5
    assert get(url, "/v1/recordings")["totalCount"] > 0


def test_a_v1_client_onboards_a_patient(url: str) -> None:
    made = form(
        url, "/v1/patients", mrn="SITE-007", email="joe@example.com", dob="2000-07-21", firstname="Joe", sex=1
    )
    path = f"/v1/patients/{made['id']}"
    code = get(url, f"{path}/code", template_id=ONE_YEAR)
    assert (code["status"], len(code["code"])) == ("pending", 14)
    user = form(
        url,
        "/v1/users",
        email="joe@example.com",
        password="5up3R53Cur3",
        countryCode="us",
        patientId=made["id"],
    )
    assert user["requestId"]
    assert get(url, path)["status"] == "connected"
    assert get(url, path, customField=True)["participantCustomFields"] == []
    assert form(url, f"{path}/disconnect") == {}
    assert httpx.delete(url + path, auth=(KEY, ""), trust_env=False).status_code == 202


def test_a_pro_client_onboards_a_participant_with_a_bare_key(url: str) -> None:
    jon = {"customParticipantID": "AC001", "firstName": "Jon", "lastName": "Snow"}
    assert pro(url, "POST", "/e/v1/participants", jon) == jon
    with pytest.raises(HTTPError) as caught:
        pro(url, "POST", "/e/v1/participants", jon)
    caught.value.close()
    assert caught.value.code == 409
    order = {"customParticipantID": "AC001", "templateID": ONE_YEAR}
    code = pro(url, "POST", "/e/v1/code", order)["code"]
    user = {"country_code": "us", "email": "jon@example.com", "password": "5up3R53Cur3"}
    token = pro(url, "POST", "/e/v1/user", user, f"Bearer {KEY}")["user_token"]
    pro(url, "POST", "/e/v1/connection", {"connection_code": code, "user_token": token})
    (patient,) = [one for one in get(url, "/v1/patients")["patients"] if one["mrn"] == "AC001"]
    assert patient["status"] == "connected"


def test_a_wrong_key_is_401_and_the_default_key_is_one(url: str) -> None:
    for key in ("other", "sandbox-key"):
        assert httpx.get(url + "/v1/patients", auth=(key, ""), trust_env=False).status_code == 401
        with pytest.raises(HTTPError) as caught:
            pro(url, "GET", "/e/v1/callback", key=key)
        caught.value.close()
        assert caught.value.code == 401


CURL = r"""
curl -X POST $U/v1/apikey -d email=dev@example.com -d password=invented-password
curl $U/v1/patients -u $K:
curl $U/v1/patients -u $K: -d mrn=JS-20000721 -d dob=2000-07-21 -d email=joe@example.com -d firstname=Joe -d sex=1
curl $U/v1/patients/$P -u $K:
curl $U/v1/patients/$P?customField=true -u $K:
curl $U/v1/teamConnectionTemplate -u $K:
curl $U/v1/patients/$P/code?template_id=RnHOxYlu8l7zGboaWKhicma6qin4fjr7 -u $K:
curl $U/v1/patients/$P/summaryReport?startTime=2021-03-15T15:04:05Z&endTime=2021-04-07T15:04:05Z&dateFormat=us -u $K:
curl $U/v1/patients/$P/recordings -u $K:
curl $U/v1/patients?limit=50 -u $K:
curl $U/partner/v1/teams/Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah/patient/fields -u $K:
curl -X POST $U/partner/v1/teams/Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah/serviceProviderTeams/8sP3SiaF -u $K:
curl $U/v1/recordings/$R -u $K:
curl $U/v1/recordings/$R.pdf -u $K:
curl $U/v1/recordings -u $K:
curl $U/v1/screening/recordings -u $K:
curl --request POST $U/v1/recordings/$R/qt -u $K: --header Content-Type:application/json --data {"qt":1.45,"rr":1.21}
curl $U/v1/recordings/$R/symptoms -u $K:
curl $U/v1/recordings/$R/activity -u $K:
curl $U/partner/v1/teams -u $K:
curl $U/v1/users -u $K: -d email=j@example.com -d password=5up3R53Cur3 -d countryCode=us -d patientId=$P
curl -X PUT $U/v1/callback -u $K: -d url=http://127.0.0.1:1/webhooks
curl $U/v1/callback -u $K:
curl -X PUT $U/v1/qtCallback -u $K: -d url=http://127.0.0.1:1/webhooks
curl $U/v1/qtCallback -u $K:
curl $U/v1/logs -u $K:
curl -X POST $U/v1/patients/$P/disconnect -u $K:
curl $U/v1/patients/$P/export -u $K:
curl -X DELETE $U/v1/patients/$P -u $K:
curl -X GET --header Authorization:~Bearer~$K $U/e/v1/callback
curl -X PUT --header Authorization:~Bearer~$K -d {"url":"http://example.com/callback"} $U/e/v1/callback
curl -H Authorization:~$K $U/e/v1/recordings/$R
""".strip().splitlines()  # noqa: E501 - as the documents have them


@pytest.mark.skipif(
    not os.environ.get("TESTS_IN_CI") and shutil.which("curl") is None, reason="curl is not installed"
)
def test_the_curl_lines_of_both_documents_work(url: str) -> None:
    recording = get(url, "/v1/recordings")["recordings"][0]
    other = [one["id"] for one in get(url, "/v1/patients")["patients"] if one["id"] != recording["patientID"]]
    marks = {"$U": url, "$K": KEY, "$P": other[0], "$R": recording["id"], "~": " "}
    for line in CURL:
        words = line.split()
        for mark, value in marks.items():
            words = [word.replace(mark, value) for word in words]
        flags = ["-s", "--noproxy", "*", "-o", os.devnull, "-w", "%{http_code}"]
        done = subprocess.run(words + flags, capture_output=True, text=True, check=True)
        assert done.stdout in ("200", "202"), line


class Served:
    """The command on a database in a folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [COMMAND, "sandbox", "serve", "--port", "0", "--database", "account.db", *options]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=folder,
            env=environment(),
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def stop(self) -> None:
        with self._process:
            self._process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("options", "count"),
    [(["--empty"], 0), (["--patients", "3"], 3), ([], 5)],
)
def test_it_starts_with_as_many_patients_as_it_is_told(
    tmp_path: Path, options: list[str], count: int
) -> None:
    served = Served(tmp_path, *options, "--no-data-controller")
    listed = httpx.get(served.url + "/v1/patients", auth=("sandbox-key", ""), trust_env=False).json()
    assert listed["totalCount"] == count
    refused = httpx.delete(served.url + "/v1/patients/any", auth=("sandbox-key", ""), trust_env=False)
    assert refused.status_code == 403
    served.stop()
    again = Served(tmp_path)
    listed = httpx.get(again.url + "/v1/patients", auth=("sandbox-key", ""), trust_env=False).json()
    assert listed["totalCount"] == count
    again.stop()
