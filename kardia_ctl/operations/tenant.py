"""Which tenant the API key belongs to, checked before the first write."""

from kardia_ctl.model.errors import ApiError, RunStopped
from kardia_ctl.model.ports import Reader
from kardia_ctl.planning.checks.stops import wrong_team
from kardia_ctl.planning.inputs import PlanInputs

_NO_TEMPLATES = (403, 404)


async def check_tenant(reader: Reader, inputs: PlanInputs) -> tuple[str, str]:
    """The team that the key belongs to, and a warning when it is unknown; either may be empty.

    The templates name the team (API reference, "Get Connection Templates"). They are read here unless the
    plan read them. Where the dialect shows no templates or the account has none, the team stays unknown.

    Raises:
        RunStopped: the key belongs to another tenant than the configuration's or state's.
        ApiError: a team is expected, and the templates could not be read.
    """
    if not inputs.capabilities.shows_templates:
        return "", ""
    templates = inputs.observed.templates
    expected = inputs.desired.team or inputs.state.team
    if templates is None:
        try:
            templates = await reader.templates()
        except ApiError as error:
            if error.status == 401 or (expected and error.status not in _NO_TEMPLATES):
                raise
            return "", f"the tenant of the API key could not be checked: {error}"
    if reasons := list(wrong_team(inputs.desired.team, inputs.state.team, templates)):
        raise RunStopped("; ".join(reasons))
    teams = sorted({template.team for template in templates if template.team})
    if not teams:
        return "", "the tenant of the API key could not be checked: no connection template names a team"
    return expected if expected in teams else teams[0], ""
