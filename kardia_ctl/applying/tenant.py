"""Whose key it is, before the first write."""

from kardia_ctl.model.errors import ApiError, RunStopped, Unauthorized
from kardia_ctl.model.ports import Reader
from kardia_ctl.planning.question import Question
from kardia_ctl.planning.safety import wrong_team


async def check_tenant(reader: Reader, question: Question) -> tuple[str, str]:
    """The team that the key belongs to, and a warning when it cannot be told.

    The templates tell it (API reference, "Get Connection Templates"); they are read here when the plan had
    no reason to. The team is empty when there is none to be had: that is said, and not fatal.

    Raises:
        RunStopped: the key belongs to another tenant than the configuration's or state's.
    """
    templates = question.observed.templates
    if templates is None:
        try:
            templates = await reader.templates()
        except Unauthorized:
            raise
        except ApiError as error:
            return "", f"whose key this is could not be checked: {error}"
    if reasons := list(wrong_team(question.desired.team, question.state.team, templates)):
        raise RunStopped("; ".join(reasons))
    teams = sorted({template.team for template in templates if template.team})
    if not teams:
        return "", "whose key this is could not be checked: the account has no connection templates"
    bound = question.state.team or question.desired.team
    return bound if bound in teams else teams[0], ""
