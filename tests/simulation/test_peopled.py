"""Users, orders of pro and exports in a simulated world: nothing twice, nothing lost, nothing on a guess."""

import os
from typing import Final

import pytest

from kardia_ctl.model.configuration import Dialect
from tests.simulation.broken_rules import Rule, broken, story_for
from tests.simulation.mutants import Mutant, mutated
from tests.simulation.remembered.seeds import remember, seeds_for, unseen
from tests.simulation.scenario import peopled
from tests.simulation.simulate import Verdict, simulate

SEEDS: Final = int(os.environ.get("SIMULATION_SEEDS", "3000")) // 15
"""How many stories are tried; ``make soak`` tries more."""

_BATCH: Final = 25

SIGHTS: Final = {
    "a user whose answer was lost, in v1": "in doubt POST /v1/users",
    "a user whose answer was lost, in pro": "in doubt POST /e/v1/user",
    "a code whose answer was lost, in pro": "in doubt POST /e/v1/code",
    "an export whose answer was lost": "in doubt GET /v1/patients/:patient/export",
    "a participant who exists already": "the patient already existed",
    "a code that was not redeemed": "its code was not redeemed",
    "a code that is not at hand": "code_not_at_hand",
    "a user in doubt whose patient turns out to be connected": "adopt mobile_user",
    "a crash between intent and request of a user": "is killed: after the commit of intend mobile_user",
    "a crash after a code was issued": "is killed: POST /e/v1/code had its effect",
    "state that is lost": "state is lost",
    "a deletion": "delete patient/L-",
}


def _report(verdict: Verdict) -> str:
    wrong = "\n  ".join(verdict.violations)
    return f"seed {verdict.seed}: {wrong}\n  replay: python -m tests.simulation --peopled {verdict.seed}"


@pytest.mark.parametrize("first", range(0, SEEDS, _BATCH))
def test_no_user_order_or_export_is_twice_or_lost_whatever_happens(first: int) -> None:
    verdicts = (simulate(seed, peopled(seed)) for seed in range(first, min(first + _BATCH, SEEDS)))
    wrong = [_report(verdict) for verdict in verdicts if verdict.violations]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("rule", Rule)
def test_the_judge_sees_each_rule_that_is_broken(rule: Rule, request: pytest.FixtureRequest) -> None:
    def found(seed: int) -> tuple[str, ...]:
        return simulate(seed, story_for(rule, seed)).violations

    anew = request.config.getoption("--update-golden")
    with broken(rule):
        caught = next(
            (seed for seed in (range(200) if anew else seeds_for(rule.name, 200)) if found(seed)), None
        )
    assert caught is not None, f"200 seeds show nothing of it: {rule}"
    if anew:
        remember(rule.name, caught)
    assert not found(caught)


@pytest.mark.parametrize(
    ("kind", "seeds"), [("patient/", range(503, 900, 2)), ("connection_code/", range(473, 900, 2))]
)
def test_an_abort_that_leaves_the_intents_of_pro_is_caught(kind: str, seeds: range) -> None:
    """A participant and a code that were never ordered are no doubt, and nobody has to settle them.

    The first seed is one that is known to show it.
    """

    def left(seed: int) -> str:
        verdict = simulate(seed, peopled(seed))
        return "".join(text for text in verdict.violations if "was never sent" in text)

    with mutated(Mutant.ABORT_LEAVES_INTENTS):
        caught = next((seed for seed in seeds if kind in left(seed)), None)
    assert caught is not None
    assert peopled(caught).dialect is Dialect.PRO
    assert not left(caught)


def test_the_stories_of_users_show_every_trouble(request: pytest.FixtureRequest) -> None:
    anew = bool(request.config.getoption("--update-golden"))
    assert unseen(SIGHTS, 200, lambda seed: simulate(seed, peopled(seed)).trace, anew=anew) == []
