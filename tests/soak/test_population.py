"""Who a soak declares: nobody whom the account's own patients could be taken for."""

from kardia_ctl.kinds.likeness import Lookalikes
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.sandbox.account.account import Account
from tests.soak.population import population

_SEEDED = 5
"""How many patients a new sandbox has."""


def test_the_people_of_a_soak_are_like_nobody_of_the_account() -> None:
    """Else a create whose answer was lost stays blocked, as one that the server may have stored otherwise."""
    people = population(120, 1, prefix="SOAK1", template="").people
    declared = [DesiredPatient(one.mrn, one.dob, one.email) for one in people]
    with Account() as account:
        account.patients.seed(_SEEDED)
        live = [LivePatient(one.id, one.mrn, None, one.email) for one in account.patients.all()]
    assert len(live) == _SEEDED
    assert not any(Lookalikes(live).of(want) for want in declared)
