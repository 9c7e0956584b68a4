"""Decisions that everybody left in the file: for each patient and each code, in all runs of a story.

None of them makes anybody or orders anything twice, whatever is lost: answers, runs, or the state. Where the
state of pro is lost, decisions are withheld until a person accepts them, so that those stories do not end.
"""

from dataclasses import replace

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Desired, Dialect
from kardia_ctl.model.decided.decision import Decision, DecisionKind
from tests.simulation.scenario import Pause, Scenario, peopled, scenario

_UNTIL = "2999-12-31"
_ABOUT_PATIENTS = (DecisionKind.RECREATE, DecisionKind.DISTINCT, DecisionKind.ABSENT)


def standing_decisions(seed: int) -> Scenario:
    """The story of a seed, of both dialects, with every decision in the file from the first run on."""
    story = peopled(seed) if seed % 3 == 0 else scenario(seed)
    runs = story.faulty_runs
    if story.dialect is Dialect.PRO:
        runs = tuple(
            replace(one, pause=Pause.SHORT) if one.pause is Pause.STATE_LOST else one for one in runs
        )
    return replace(story, desired=with_decisions(story.desired), rivals={}, faulty_runs=runs)


def with_decisions(desired: Desired) -> Desired:
    """What is declared, with every decision that may send something or settle a doubt."""
    patients = desired.patients.values()
    about = [(patient_address(one.mrn), kind) for one in patients for kind in _ABOUT_PATIENTS]
    about += [
        (code_address(one.mrn, label), kind)
        for one in patients
        for label in one.codes
        for kind in (DecisionKind.REISSUE, DecisionKind.ABSENT, DecisionKind.CREATED)
    ]
    return replace(desired, decisions=tuple(_decision(*one) for one in about))


def _decision(address: Address, kind: DecisionKind) -> Decision:
    return Decision(kind, address, "it was left in the file", _UNTIL)
