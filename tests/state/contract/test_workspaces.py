"""Several workspaces share one state: what each knows of the others."""

from dataclasses import replace

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Depart, Drop, Intend, Intent, Note, Remember, Resolve, State, UsePlan
from tests.moments import at
from tests.state.engines import Place


def test_two_workspaces_of_one_account_see_each_others_ids_and_doubts_alone(
    place: Place, remembered: Remember
) -> None:
    one, two = place.open("one"), place.open("two")
    doubt = Intent(patient_address("JS-2"), "create", at(7.0), newest="id-0", keyed=b"check")
    with one.lock("apply"):
        one.commit([remembered, UsePlan("plan-1"), Depart("id-1", "delete"), Intend(doubt)])
    known = {doubt.address: replace(doubt, workspace="one")}
    assert two.load() == State(elsewhere={"id-1": "JS-1"}, intents=known)
    with two.lock("apply"):
        two.commit([Drop(Kind.PATIENT, "JS-1"), Note("team", "team-2")])
        assert (two.load().elsewhere, two.load().intents) == ({"id-1": "JS-1"}, known)
        two.commit([Resolve(doubt.address)])
        assert two.load().intents == known
        two.commit([Resolve(doubt.address, "one")])
    assert one.load().patients.keys() == {"JS-1"}
    assert (two.load().intents, one.load().intents) == ({}, {})
    assert one.load().lineage != two.load().lineage


def test_a_workspace_of_another_tenant_says_nothing(place: Place, remembered: Remember) -> None:
    one, two = place.open("one"), place.open("two")
    doubt = Intent(patient_address("JS-2"), "create", at(7.0))
    with one.lock("apply"):
        one.commit([remembered, Note("team", "team-1"), Intend(doubt)])
    with two.lock("apply"):
        two.commit([Note("team", "team-2")])
    assert (two.load().elsewhere, two.load().intents) == ({}, {})


def test_of_one_address_in_doubt_twice_its_own_workspace_counts(place: Place) -> None:
    one, two, three = (place.open(name) for name in ("one", "two", "three"))
    doubt = Intent(patient_address("JS-2"), "create", at(7.0))
    for store, seconds in ((one, 9.0), (two, 8.0)):
        with store.lock("apply"):
            store.commit([Intend(replace(doubt, at=at(seconds)))])
    assert two.load().intents == {doubt.address: replace(doubt, at=at(8.0))}
    assert three.load().intents == {doubt.address: replace(doubt, at=at(9.0), workspace="one")}
