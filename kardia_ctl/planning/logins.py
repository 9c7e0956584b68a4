"""Who has which login of the Kardia app: patients may share an e-mail address, users may not."""

from functools import cached_property

from kardia_ctl.kinds.mobile_user import login_fingerprint, login_of
from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.planning.inputs import PlanInputs


class Logins:
    """The logins of the users that state records, those in doubt included.

    Two declared users with one login are refused when the configuration is read.
    """

    def __init__(self, inputs: PlanInputs) -> None:
        self._inputs = inputs

    def other(self, want: DesiredPatient) -> Address | None:
        """Another patient's user who has, or may have, the login of a declared patient."""
        known = login_fingerprint(self._inputs.key, want.email)
        by_address = self._by_address.get(login_of(want.email), [])
        mrns = [*self._by_fingerprint.get(known, ()), *by_address]
        found = next((mrn for mrn in mrns if mrn != want.mrn), None)
        return None if found is None else Address(Kind.MOBILE_USER, (found,))

    @cached_property
    def _by_fingerprint(self) -> dict[bytes, list[str]]:
        indexed: dict[bytes, list[str]] = {}
        for mrn, known in self._recorded:
            if known:
                indexed.setdefault(known, []).append(mrn)
        return indexed

    @cached_property
    def _by_address(self) -> dict[str, list[str]]:
        """By login, the users of whom no login is recorded: it is the patient's address, declared or live."""
        indexed: dict[str, list[str]] = {}
        desired, live = self._inputs.desired.patients, self._inputs.observed.patients
        for mrn, known in self._recorded:
            for patient in () if known else (desired.get(mrn), live.get(mrn)):
                if patient is not None and patient.email:
                    indexed.setdefault(login_of(patient.email), []).append(mrn)
        return indexed

    @cached_property
    def _recorded(self) -> list[tuple[str, bytes]]:
        state = self._inputs.state
        users = [(mrn, record.fingerprint) for mrn, record in state.users.items()]
        doubts = [
            (address.names[0], intent.person)
            for address, intent in state.intents.items()
            if address.kind is Kind.MOBILE_USER
        ]
        return sorted(users) + sorted(doubts)
