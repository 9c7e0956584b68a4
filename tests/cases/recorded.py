"""State as data: what state.json holds. Times are seconds ago, fingerprints the values they stand for."""

from collections.abc import Mapping

import msgspec

from kardia_ctl.fingerprints import key_check
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.kinds.likeness import fingerprints_of_person
from kardia_ctl.kinds.mobile_user import login_fingerprint
from kardia_ctl.kinds.patient import EXISTED
from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.amounts.refresh import ListHead, ProvenList, digest_of_ids
from kardia_ctl.model.configuration import Setting
from kardia_ctl.model.decided.use import DecisionUse
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import UNSET, DesiredPatient
from kardia_ctl.model.state import CodeRecord, Intent, PatientRecord, Record, State, UserRecord
from kardia_ctl.planning.resources.settings import fingerprints
from tests.moments import at


class Kept(msgspec.Struct, forbid_unknown_fields=True):
    """A record. ``applied`` are the values whose fingerprints it keeps; none without it.

    ``existed`` says that it was found to exist already, by a 409.
    """

    id: str = ""
    cohort: str = ""
    template: str = ""
    unredeemed: bool = False
    ago: int = 86400
    forgotten: bool = False
    applied: dict[str, str] | None = None
    existed: bool = False

    def patient(self, now: float, fingerprint: bytes) -> PatientRecord:
        return PatientRecord(*self._values(now, fingerprint), cohort=self.cohort)

    def code(self, now: float) -> CodeRecord:
        return CodeRecord(*self._values(now), template=self.template)

    def user(self, now: float, key: bytes) -> UserRecord:
        login = login_fingerprint(key, (self.applied or {}).get("email", ""))
        return UserRecord(*self._values(now, login), unredeemed=self.unredeemed)

    def setting(self, now: float, fingerprint: bytes) -> Record:
        return Record(*self._values(now, fingerprint))

    def _values(self, now: float, fingerprint: bytes = b"") -> tuple[str, bytes, int, bool]:
        return self.id, fingerprint, int(now) - self.ago, self.forgotten


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """An intent. ``ended`` is how long ago its connection ended, None while nobody knows.

    ``person`` are the values that a create sent, of which the name and birth date are kept as a fingerprint;
    of a mobile user its login.
    """

    ago: float
    operation: str = "create"
    ended: float | None = None
    id: str = ""
    target: str = ""
    window: float = 0.0
    person: dict[str, str] | None = None


class Proven(msgspec.Struct, forbid_unknown_fields=True):
    """The last proven list: its count, how many a page showed, and the ids at its head. ``absent`` are the
    recorded ids that it did not have."""

    total: int
    rows: int
    ids: list[str]
    absent: list[str] = []

    def value(self, recorded: set[str]) -> ProvenList:
        listed = digest_of_ids(recorded.difference(self.absent))
        return ProvenList(ListHead(self.total, self.rows, tuple(self.ids)), listed, tuple(self.absent))


class Recorded(msgspec.Struct, forbid_unknown_fields=True):
    """Everything that state keeps in one workspace. ``decided`` is when each decision was used."""

    team: str = ""
    live_count: int | None = None
    rate: str = ""
    patients: dict[str, Kept] = {}
    codes: dict[str, dict[str, Kept]] = {}
    users: dict[str, Kept] = {}
    settings: dict[str, Kept] = {}
    intents: dict[str, Asked] = {}
    departed: dict[str, str] = {}
    proven: Proven | None = None
    decided: dict[str, int] = {}

    def state(self, now: float, key: bytes) -> State:
        return State(
            exists=True,
            lineage="lineage",
            serial=1,
            team=self.team,
            live_count=self.live_count,
            proven=None if self.proven is None else self.proven.value(self._ids()),
            rate=Rate.parse(self.rate),
            patients={
                mrn: kept.patient(now, EXISTED if kept.existed else _patient(key, mrn, kept.applied))
                for mrn, kept in self.patients.items()
            },
            codes={
                mrn: {template: kept.code(now) for template, kept in codes.items()}
                for mrn, codes in self.codes.items()
            },
            users={mrn: kept.user(now, key) for mrn, kept in self.users.items()},
            settings={
                (address := Address.parse(text)): kept.setting(now, _setting(key, address, kept.applied))
                for text, kept in self.settings.items()
            },
            intents={
                (address := Address.parse(text)): _intent(address, asked, now, key)
                for text, asked in self.intents.items()
            },
            departed={
                patient_id: frozenset(actions.split()) for patient_id, actions in self.departed.items()
            },
            decided={_use(text): at for text, at in self.decided.items()},
        )

    def _ids(self) -> set[str]:
        gone = {one for one, actions in self.departed.items() if "delete" in actions.split()}
        return {kept.id for kept in self.patients.values() if kept.id and not kept.forgotten} - gone


def _use(text: str) -> DecisionUse:
    """``recreate patient/A-1 2026-03-31``."""
    kind, address, until = text.split()
    return DecisionUse(kind, Address.parse(address), until)


def _patient(key: bytes, mrn: str, applied: Mapping[str, str] | None) -> bytes:
    if applied is None:
        return b""
    values = {"mrn": mrn, "dob": UNSET, "email": UNSET} | dict(applied)
    return patient_kind.fingerprints(key, msgspec.convert(values, DesiredPatient))


def _setting(key: bytes, address: Address, applied: Mapping[str, str] | None) -> bytes:
    return b"" if applied is None else fingerprints(key, Setting(address, applied))


def _intent(address: Address, asked: Asked, now: float, key: bytes) -> Intent:
    ended = None if asked.ended is None else at(now - asked.ended)
    person = b""
    if asked.person is not None and address.kind is Kind.MOBILE_USER:
        person = login_fingerprint(key, asked.person["email"])
    elif asked.person is not None:
        sent = msgspec.convert({"mrn": address.names[0], "email": "", **asked.person}, DesiredPatient)
        person = fingerprints_of_person(key, sent.dob, sent.firstname, sent.lastname, sent.email)
    return Intent(
        address,
        asked.operation,
        at(now - asked.ago),
        ended,
        asked.id,
        asked.target,
        asked.window,
        person,
        keyed=key_check(key),
    )
