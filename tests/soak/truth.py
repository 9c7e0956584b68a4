"""What the account holds after a soak, compared with what was declared."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.values import PatientFields
from tests.soak.population import Population
from tests.soak.server import Server, SoakError

_TRIES: Final = 20
_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Truth:
    """The account against the declaration.

    Attributes:
        duplicates: patients beyond the first who carry one declared mrn.
        lost: declared mrns that nobody carries.
        altered: patients with a declared mrn and other values than were declared.
        codes_twice: codes beyond the first of one patient, and codes that nobody declared.
        codes_missing: patients who were declared with a code and have none.
        requests: how many requests arrived; None where the server does not show it.
        creates_faulted: creates on which the sandbox played a fault; None as above.
    """

    duplicates: int
    lost: int
    altered: int
    codes_twice: int
    codes_missing: int
    requests: int | None = None
    creates_faulted: int | None = None

    @property
    def right(self) -> bool:
        """Whether everything that was declared exists once, as declared."""
        return not any((self.duplicates, self.lost, self.altered, self.codes_twice, self.codes_missing))


@dataclass(frozen=True, slots=True)
class ObservedPatient:
    """A live patient, and how many codes were minted for it."""

    fields: PatientFields
    codes: int


def account_truth(server: Server, declared: Population) -> Truth:
    """Compare the account with the declaration, once every late effect has happened.

    Raises:
        SoakError: the list of another server cannot be had.
    """
    if server.database is None:
        return from_list(server, declared)
    return from_database(server.database, declared)


def from_database(database: Path, declared: Population) -> Truth:
    """Read the account's own file, which shows everything."""
    with Account(database) as account:
        minted = Counter(code.patient_id for code in account.connections.codes())
        people = [
            ObservedPatient(
                PatientFields(one.mrn, one.dob, one.email, one.firstname, one.lastname, one.sex),
                minted[one.id],
            )
            for one in account.patients.all()
        ]
        log = account.requests.all()
    faulted = sum(1 for request in log if request.method == "POST" and request.fault is not None)
    return compared(declared, people, requests=len(log), creates_faulted=faulted)


def from_list(server: Server, declared: Population) -> Truth:
    """Read the list of a server that shows nothing else; of codes it shows only whether there is one."""
    people = (ObservedPatient(_person(row), int(row.get("status") != "none")) for row in listed(server))
    return compared(declared, people)


def _person(row: dict[str, Any]) -> PatientFields:
    values: dict[str, Any] = {name: row.get(name) for name in PatientFields.__slots__}
    return PatientFields(**values)


def compared(
    declared: Population,
    people: Iterable[ObservedPatient],
    *,
    requests: int | None = None,
    creates_faulted: int | None = None,
) -> Truth:
    """Count what differs from the declaration. Patients with other mrns are none of ours."""
    wanted = {person.mrn: _comparable(person) for person in declared.people}
    ours = [patient for patient in people if patient.fields.mrn in wanted]
    carriers = Counter(patient.fields.mrn for patient in ours)
    codes: Counter[str] = Counter()
    for patient in ours:
        codes[patient.fields.mrn] += patient.codes
    return Truth(
        duplicates=carriers.total() - len(carriers),
        lost=len(wanted) - len(carriers),
        altered=sum(_comparable(patient.fields) != wanted[patient.fields.mrn] for patient in ours),
        codes_twice=sum(max(0, count - (mrn in declared.coded)) for mrn, count in codes.items()),
        codes_missing=sum(not codes[mrn] for mrn in declared.coded),
        requests=requests,
        creates_faulted=creates_faulted,
    )


def _comparable(person: PatientFields) -> tuple[object, ...]:
    """A sex of 0 and none are one; an e-mail address has no case."""
    return person.mrn, person.dob, person.email.lower(), person.firstname, person.lastname, person.sex or 0


def listed(server: Server) -> list[dict[str, Any]]:
    """Every patient in the list of a server, read until there are as many as it says.

    Raises:
        SoakError: it does not come to that.
    """
    with httpx.Client(base_url=server.url, auth=(server.key, ""), trust_env=False, timeout=60) as client:
        for _ in range(_TRIES):
            total: int | None = None
            found: dict[str, dict[str, Any]] = {}
            for page in _pages(client):
                found.update((row["id"], row) for row in page.get("patients") or page.get("data") or ())
                total = page["totalCount"]
            if total == len(found):
                return list(found.values())
            time.sleep(_PAUSE)
    raise SoakError("the list of patients does not fit its totalCount")


def templates(server: Server) -> list[str]:
    """The ids of the connection templates that a server has."""
    with httpx.Client(base_url=server.url, auth=(server.key, ""), trust_env=False, timeout=60) as client:
        return [row["templateId"] for row in _read(client, "/v1/teamConnectionTemplate", {})]


def _pages(client: httpx.Client) -> Iterator[dict[str, Any]]:
    query = {"limit": "500"}
    while True:
        page = _read(client, "/v1/patients", query)
        yield page
        if not page["pageInfo"]["hasNextPage"]:
            return
        query["start"] = page["pageInfo"]["endCursor"]


def _read(client: httpx.Client, path: str, query: dict[str, str]) -> Any:
    """A read, again and again: the server's faults hit this read too."""
    for _ in range(_TRIES):
        try:
            answer = client.get(path, params=query)
            if answer.status_code == httpx.codes.OK:
                return answer.json()
        except (httpx.HTTPError, ValueError):
            pass
        time.sleep(_PAUSE)
    raise SoakError(f"GET {path} had no answer in {_TRIES} tries")
