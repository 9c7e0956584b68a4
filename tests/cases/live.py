"""A live account as data: what observed.json holds, read through the same port as the real one."""

from typing import Final

import msgspec

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.template import LiveTemplate


class Listed(msgspec.Struct, forbid_unknown_fields=True):
    """A live patient. ``listed`` is false for one whom a lagging list does not show yet."""

    id: str
    mrn: str
    dob: str | None = None
    email: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    sex: int | float | str | None = None
    status: str | None = "none"
    listed: bool = True

    def patient(self) -> LivePatient:
        fields = {name: getattr(self, name) for name in LivePatient.__struct_fields__}
        return LivePatient(**fields)


class Offered(msgspec.Struct, forbid_unknown_fields=True):
    """A connection template."""

    id: str
    name: str
    team: str = "TEAM"
    duration: int | None = 365
    price: float | None = 9.99

    def template(self) -> LiveTemplate:
        return LiveTemplate(self.id, self.name, self.team, self.duration, self.price)


class Account(msgspec.Struct, forbid_unknown_fields=True):
    """The whole account, newest patient first.

    ``others`` is how many further, invented patients come after those; ``total`` is a totalCount that is
    wrong; ``recordings`` how many a patient has, by id; ``page_cap`` the most patients that a page holds,
    whatever was asked for.
    """

    patients: list[Listed] = []
    others: int = 0
    total: int | None = None
    page_cap: int = 500
    callback: str | None = None
    qt_callback: str | None = None
    templates: list[Offered] = []
    recordings: dict[str, int | None] = {}

    def everyone(self) -> list[Listed]:
        return [*self.patients, *map(_other, range(self.others))]


def _other(number: int) -> Listed:
    mail = f"other-{number}@example.com"
    return Listed(f"other-{number}", f"O-{number:05}", "1950-01-01", mail, f"Nobody{number}", "Atall", 0)


class AccountReader(Reader):
    """The ``Reader`` over an account; ``log`` holds every read that was asked for."""

    def __init__(self, account: Account) -> None:
        self._account: Final = account
        self._everyone: Final = {one.id: one.patient() for one in account.everyone()}
        self._listed: Final = [self._everyone[one.id] for one in account.everyone() if one.listed]
        self.log: Final[list[str]] = []

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        begin = int(start or 0)
        self.log.append(f"patients {limit} {begin}")
        end = begin + min(limit, self._account.page_cap)
        total = len(self._listed) if self._account.total is None else self._account.total
        more = str(end) if end < len(self._listed) else None
        return PatientsPage(tuple(self._listed[begin:end]), total, more)

    async def patient(self, patient_id: str) -> LivePatient | None:
        self.log.append(f"patient {patient_id}")
        return self._everyone.get(patient_id)

    async def setting(self, kind: Kind) -> str | None:
        self.log.append(kind.value)
        return self._account.callback if kind is Kind.CALLBACK else self._account.qt_callback

    async def recordings(self, patient_id: str) -> int | None:
        self.log.append(f"recordings {patient_id}")
        return self._account.recordings.get(patient_id, 0)

    async def templates(self) -> tuple[LiveTemplate, ...]:
        self.log.append("templates")
        return tuple(offered.template() for offered in self._account.templates)
