"""Which tenant the API key belongs to: the one place that decides whether a run may send or record.

Only the connection templates name the tenant (API reference, "Get Connection Templates"). With a key of
another tenant everybody looks absent, so nothing that is read with it may be recorded. Where a team is
expected, because the configuration declares it or because state is bound to it:

=====================================  ==========================================================
the templates                          sending and recording
=====================================  ==========================================================
are not asked, as declared and bound   never: no key can be right
teams differ
name the expected team, and no other   yes
name other teams only                  never: the key is another tenant's
name the expected team and others      refused, unless --accept-unknown-team: whose key is it?
name no team, or cannot be read        refused, unless --accept-unknown-team
were not read                          no: a plan that would do either reads them
=====================================  ==========================================================

Where no team is expected, state is bound to the team of the first run that sends or adopts something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.model.state import GONE, PatientRecord
from kardia_ctl.planning.checks.effects import acts
from kardia_ctl.planning.inputs import PlanInputs, doubt_of_done

_ABSENT: Final = (Cause.DELETED_ELSEWHERE, Cause.ID_MISMATCH, Cause.SCAN_INCOMPLETE)
"""How a patient looks when the key belongs to another tenant."""

_ADVICE: Final = "If you know that the key belongs to that team: --accept-unknown-team"


@dataclass(frozen=True, slots=True)
class Tenant:
    """What the templates say about the API key.

    Attributes:
        team: The tenant that the key belongs to; empty while it is not known.
        wrong: Why the key belongs to another tenant than expected; empty otherwise.
        unknown: Why the tenant is not known; empty otherwise, and before the templates were read.
    """

    team: str = ""
    wrong: str = ""
    unknown: str = ""


def tenant_of(inputs: PlanInputs) -> Tenant:
    """What declaration, state and the observed templates say about the key's tenant."""
    contradiction = _contradiction(inputs)
    return Tenant(wrong=contradiction) if contradiction else _shown(inputs)


def _shown(inputs: PlanInputs) -> Tenant:
    """What the observed templates say about the key's tenant."""
    can, templates = inputs.capabilities, inputs.observed.templates
    if not can.shows_templates:
        return Tenant(unknown=f"the {can.dialect} API does not show which team a key belongs to")
    if templates is None:
        return Tenant()
    teams = sorted({template.team for template in templates if template.team})
    expected = _expected(inputs)
    if not teams:
        return Tenant(unknown="no connection template that this key may read names a team")
    wrong = [f"{whose} {team}" for whose, team in expected if team not in teams]
    if wrong:
        return Tenant(
            wrong=f"the API key belongs to team {', '.join(teams)}, but {' and '.join(wrong)}. Use that "
            "team's key"
        )
    if len(teams) > 1:
        return Tenant(unknown=f"the connection templates name several teams: {', '.join(teams)}")
    return Tenant(teams[0])


def _expected(inputs: PlanInputs) -> list[tuple[str, str]]:
    both = (
        ("the configuration's team is", inputs.desired.team),
        ("state belongs to team", inputs.state.team),
    )
    return [(whose, team) for whose, team in both if team]


def _contradiction(inputs: PlanInputs) -> str:
    """Why no key can be right: the team that is declared is not the one that state is bound to."""
    declared, bound = inputs.desired.team, inputs.state.team
    if not declared or not bound or declared == bound:
        return ""
    return (
        f"the configuration's team is {declared}, but its state belongs to team {bound}. Correct team:, or "
        "give the other team a state: of its own"
    )


def expects_team(inputs: PlanInputs) -> bool:
    """Whether a team is declared, or state is bound to one."""
    return bool(_expected(inputs))


def is_read(inputs: PlanInputs) -> bool:
    """Whether everything that the API shows about the tenant was read."""
    return inputs.observed.templates is not None or not inputs.capabilities.shows_templates


def refusal(inputs: PlanInputs) -> str:
    """Why a run must neither send nor record anything, as far as was read; empty if there is no reason."""
    if not expects_team(inputs):
        return ""
    tenant = tenant_of(inputs)
    if tenant.wrong or not tenant.unknown or inputs.decisions.accept_unknown_team:
        return tenant.wrong
    whose, team = _expected(inputs)[0]
    return (
        f"the tenant of the API key is not known: {tenant.unknown}, and {whose} {team}. Nothing is sent or "
        f"recorded. {_ADVICE}"
    )


def may_record(inputs: PlanInputs) -> bool:
    """Whether a run may record what it read with this key, counts included."""
    return not expects_team(inputs) or (is_read(inputs) and not refusal(inputs))


def needs_tenant(inputs: PlanInputs, changes: Sequence[Change]) -> bool:
    """Whether a plan with these changes must know whose key it is.

    Where a team is expected: before anything is sent, recorded or settled, and when patients look as they do
    with another tenant's key. Otherwise before a write, and when state is bound on first contact.
    """
    if not expects_team(inputs):
        return any(change.action.writes or change.action is Action.ADOPT for change in changes)
    return acts(changes) or any(change.cause in _ABSENT for change in changes) or _has_facts(inputs)


def _has_facts(inputs: PlanInputs) -> bool:
    """Whether there is a fact to record about somebody who departs.

    That is: somebody is gone, which is how it looks with another key, or a person settled what was in doubt.
    """
    state, missing, departures = inputs.state, inputs.observed.missing, inputs.desired.departures
    records = (state.patients.get(departure.mrn, PatientRecord()) for departure in departures)
    return any(doubt_of_done(inputs, departure) for departure in departures) or any(
        record.id in missing and not state.has_done(record.id, GONE) for record in records
    )
