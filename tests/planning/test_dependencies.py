"""Order comes from references alone: a patient before its codes, and nothing else before anything."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.address import Address, code_address, owner_of, patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.planning.dependencies import chains

MRNS = st.sampled_from(["A", "B", "C"])
ADDRESSES = st.one_of(
    st.just(Address(Kind.CALLBACK)),
    st.just(Address(Kind.QT_CALLBACK)),
    st.builds(patient_address, MRNS),
    st.builds(code_address, MRNS, st.sampled_from(["one-year", "quarter"])),
)
CHANGES = st.lists(
    st.builds(Change, ADDRESSES, st.sampled_from(Action), st.just(Cause.DECLARED)),
    unique_by=lambda change: change.address,
)


@given(CHANGES)
def test_every_write_is_in_exactly_one_chain_and_nothing_else_is(changes: list[Change]) -> None:
    found = [change for chain in chains(changes) for change in chain]
    assert sorted(map(repr, found)) == sorted(repr(change) for change in changes if change.action.writes)


@given(CHANGES)
def test_a_chain_is_one_owner_and_what_hangs_on_it_with_the_owner_first(changes: list[Change]) -> None:
    for chain in chains(changes):
        owners = {owner_of(change.address) or change.address for change in chain}
        assert len(owners) == 1
        assert not any(change.address in owners for change in chain[1:])


@given(CHANGES, st.randoms(use_true_random=False))
def test_a_chain_does_not_depend_on_the_order_of_the_plan(changes: list[Change], random: Random) -> None:
    other = random.sample(changes, len(changes))
    assert set(chains(changes)) == set(chains(other))
