"""Saved plans hold pseudonyms, and lead back to the same plan."""

import json

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan
from kardia_ctl.planning.saved.codec import as_json
from kardia_ctl.planning.saved.plan_renaming import Renaming, names_in
from kardia_ctl.render.pseudonyms import Pseudonyms, RealNames, mrns_by_pseudonym
from tests.planning.saved.test_file import DECISIONS, JOE, PLAN, SAVED

KEY = b"an invented key of a review"
MRNS = ("P-2", "P-3", "A", "B", JOE.names[0])


def test_a_saved_plan_under_pseudonyms_is_the_same_plan_once_they_are_mrns_again() -> None:
    names = Pseudonyms(KEY)
    hidden = Renaming(names.mrn, names.text).saved_plan(SAVED)
    text = json.dumps(as_json(hidden), ensure_ascii=False)
    for mrn in ("P-2", "P-3", "JS-1"):
        assert mrn not in text
    assert hidden.plan.unchanged[Kind.CALLBACK] == PLAN.unchanged[Kind.CALLBACK]
    real = RealNames(mrns_by_pseudonym(MRNS, KEY))
    again = Renaming(real.name, real.text).saved_plan(hidden)
    assert again == SAVED
    assert again.decisions == DECISIONS


def test_whoever_is_not_known_keeps_the_pseudonym() -> None:
    names = Pseudonyms(KEY)
    hidden = Renaming(names.mrn, names.text).saved_plan(SAVED)
    real = RealNames({})
    assert Renaming(real.name, real.text).saved_plan(hidden) == hidden


def test_the_names_in_a_plan_are_those_of_every_address_that_it_has() -> None:
    gone = patient_address("P-8")
    plan = Plan(
        changes=(Change(JOE, Action.MOVE, Cause.MOVED, previous=patient_address("P-7")),),
        notices=(Notice(NoticeKind.DRIFT, "it moved", gone),),
        unchanged={Kind.PATIENT: (("P-9",),), Kind.CALLBACK: ((),)},
    )
    assert names_in(plan) == {JOE.names[0], "P-7", "P-8", "P-9"}
