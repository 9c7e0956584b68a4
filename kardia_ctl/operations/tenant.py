"""Reading which tenant the API key belongs to, before anything is recorded or sent."""

from dataclasses import replace
from typing import Final

from kardia_ctl.model.errors import ApiError, RunStopped
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.observe import with_templates
from kardia_ctl.planning.checks.key_tenant import expects_team, is_read, refusal, tenant_of
from kardia_ctl.planning.inputs import PlanInputs

_TOO_MANY: Final = 429


async def with_tenant(reader: Reader, inputs: PlanInputs) -> PlanInputs:
    """The inputs with the templates, which name the tenant: one request, unless they were read.

    An answer that no templates can be read from counts as templates that name no team.

    Raises:
        ApiError: there was no answer, or the run has to stop.
    """
    if is_read(inputs):
        return inputs
    try:
        observed = await with_templates(reader, inputs.observed)
    except ApiError as error:
        if error.stops or not (_is_answer(error) or inputs.decisions.accept_unknown_team):
            raise
        observed = replace(inputs.observed, templates=(), reads=inputs.observed.reads + 1)
    return replace(inputs, observed=observed)


def _is_answer(error: ApiError) -> bool:
    """Whether the server answered and would answer the same again; not a failure that may pass."""
    return error.status is not None and error.status < 500 and error.status != _TOO_MANY


async def require_tenant(reader: Reader, inputs: PlanInputs) -> PlanInputs:
    """The inputs with the templates, which are read if a team is expected and they were not.

    Raises:
        RunStopped: the key belongs to another tenant, or a team is expected and the key's is not known.
        ApiError: as ``with_tenant``.
    """
    if expects_team(inputs):
        inputs = await with_tenant(reader, inputs)
    if reason := refusal(inputs):
        raise RunStopped(reason)
    return inputs


async def check_tenant(reader: Reader, inputs: PlanInputs) -> tuple[str, str]:
    """The team that the key belongs to, and a warning when it is unknown; either may be empty.

    Raises:
        RunStopped: the key belongs to another tenant than expected, or to one that is not known.
        ApiError: the templates could not be read, and the run has to stop or a team is expected.
    """
    try:
        inputs = await with_tenant(reader, inputs)
    except ApiError as error:
        if error.stops or inputs.desired.team or inputs.state.team:
            raise
        return "", f"the tenant of the API key could not be checked: {error}"
    if reason := refusal(inputs):
        raise RunStopped(reason)
    tenant = tenant_of(inputs)
    shown = inputs.capabilities.shows_templates
    unknown = f"the tenant of the API key could not be checked: {tenant.unknown}"
    return tenant.team, unknown if tenant.unknown and shown else ""
