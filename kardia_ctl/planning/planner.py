"""Makes a plan: runs each planner and check in order, and collects their changes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kardia_ctl.model.dialects import Capabilities
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.plan import Action, Change, Notice, Plan, Requests, in_order
from kardia_ctl.model.template import Template
from kardia_ctl.planning.after_doubts import following
from kardia_ctl.planning.apply_stages import requests_of, stages_of
from kardia_ctl.planning.approval.touching import touched
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.checks.cohorts_without import say_once_what_cohorts_lack
from kardia_ctl.planning.checks.key_tenant import tenant_of
from kardia_ctl.planning.checks.not_read import say_what_was_not_read
from kardia_ctl.planning.checks.same_person import block_same_persons
from kardia_ctl.planning.checks.stops import cost_of, stops
from kardia_ctl.planning.decided.accepting import accepted
from kardia_ctl.planning.decided.decision_notices import say_decisions
from kardia_ctl.planning.decided.firing_notices import plan_firing
from kardia_ctl.planning.decided.in_force import DecisionsInForce
from kardia_ctl.planning.decided.keeping import keep_in_scope
from kardia_ctl.planning.decided.moves import plan_moves
from kardia_ctl.planning.decided.unverifiable import count_unverifiable
from kardia_ctl.planning.doubts import Doubts
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.limit import within_limit
from kardia_ctl.planning.live.undeclared import note_undeclared
from kardia_ctl.planning.logins import Logins
from kardia_ctl.planning.resources.departures import plan_departures
from kardia_ctl.planning.resources.forgotten import plan_forgotten, warn_of_doubts
from kardia_ctl.planning.resources.patients import plan_patients
from kardia_ctl.planning.resources.pro_patients import plan_participants
from kardia_ctl.planning.resources.settings import plan_settings
from kardia_ctl.planning.resources.switching import with_cancelled_orders
from kardia_ctl.planning.state_index import StateIndex
from kardia_ctl.planning.templates import resolve, resolve_from_state


def make_plan(inputs: PlanInputs) -> Plan:
    """The plan for these inputs. The order within an input never changes the plan.

    With the key of another tenant everybody looks absent: then that one error is the plan.
    """
    if wrong := tenant_of(inputs).wrong:
        requests = Requests(inputs.spent, inputs.observed.reads)
        return Plan(stops=(wrong,), requests=requests, team=inputs.desired.team)
    builder = PlanBuilder(StateIndex(inputs.state), Doubts(inputs), Logins(inputs), DecisionsInForce(inputs))
    templates = _templates(inputs)
    if inputs.capabilities.shows_patients:
        plan_patients(inputs, templates, builder)
    else:
        plan_participants(inputs, templates, builder)
    plan_settings(inputs, builder)
    plan_forgotten(inputs, builder)
    plan_departures(inputs, builder)
    plan_moves(inputs, builder)
    warn_of_doubts(inputs, builder)
    block_same_persons(inputs, builder)
    plan_firing(inputs, builder)
    excluded = keep_in_scope(builder, inputs.scope)
    say_once_what_cohorts_lack(inputs, builder)
    say_what_was_not_read(inputs, builder)
    if inputs.scope.named is None:
        note_undeclared(inputs, builder)
    count_unverifiable(inputs, builder)
    return replace(_finish(inputs, builder, templates), excluded=excluded)


def _templates(inputs: PlanInputs) -> Mapping[str, Template]:
    declared, observed = inputs.desired.templates, inputs.observed
    if observed.coverage is Coverage.STATE:
        return resolve_from_state(declared, inputs.state)
    return resolve(declared, observed.templates)


def _finish(inputs: PlanInputs, builder: PlanBuilder, templates: Mapping[str, Template]) -> Plan:
    changes, left = within_limit(in_order(builder.changes), inputs.decisions.limit)
    changes = accepted(with_cancelled_orders(changes), builder.decisions)
    say_decisions(inputs, builder)
    cost, unpriced = cost_of(changes)
    stopped = tuple(stops(inputs, changes))
    stages = stages_of(inputs, changes, stopped=bool(stopped))
    return Plan(
        changes=tuple(changes),
        notices=tuple(sorted(builder.notices, key=_notice_order)),
        stops=stopped,
        unchanged={
            kind: tuple(sorted(builder.unchanged[kind])) for kind in Kind if builder.unchanged.get(kind)
        },
        requests=requests_of(stages, inputs.spent),
        cost=cost,
        unpriced=unpriced,
        team=inputs.desired.team,
        templates=tuple(templates[label] for label in _issued(changes)),
        left=left,
        rate=inputs.state.rate,
        following=following(changes, templates),
        refresh=inputs.observed.coverage.refresh,
        touched=touched(inputs, changes),
    )


def _issued(changes: Iterable[Change]) -> list[str]:
    """The labels of the templates of the codes to issue."""
    return sorted({change.address.names[1] for change in changes if _issues(change)})


def _issues(change: Change) -> bool:
    return change.address.kind is Kind.CONNECTION_CODE and change.action is Action.CREATE


def _notice_order(notice: Notice) -> tuple[str, tuple[int, tuple[str, ...]], str]:
    order = notice.address.order if notice.address else (-1, ())
    return notice.kind, order, notice.text


def wants_templates(plan: Plan, capabilities: Capabilities) -> bool:
    """Whether the plan orders a code, or may once doubts are settled: the templates have its price."""
    orders = plan.following.codes > 0 or any(_issues(change) for change in plan.changes)
    return capabilities.shows_templates and orders
