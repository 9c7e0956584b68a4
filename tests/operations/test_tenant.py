"""Whose key it is, before the first write."""

import asyncio

import pytest

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import PRO, V1, Capabilities
from kardia_ctl.model.errors import ApiError, RunStopped, Unauthorized
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import State
from kardia_ctl.model.template import LiveTemplate
from kardia_ctl.operations.tenant import check_tenant
from kardia_ctl.planning.inputs import Decisions, PlanInputs
from tests.moments import at


class Offering(Reader):
    """A ``Reader`` whose templates are what they are told to be."""

    def __init__(self, *teams: str, error: ApiError | None = None) -> None:
        self._teams = teams
        self._error = error
        self.asked = 0

    async def templates(self) -> tuple[LiveTemplate, ...]:
        self.asked += 1
        if self._error:
            raise self._error
        return tuple(LiveTemplate(f"tpl-{team}", "One year", team) for team in self._teams)


def checked(
    reader: Offering,
    declared: str = "",
    bound: str = "",
    known: tuple[LiveTemplate, ...] | None = None,
    *,
    accepted: bool = False,
    capabilities: Capabilities = V1,
) -> tuple[str, str]:
    inputs = PlanInputs(
        Desired(team=declared),
        Observed(templates=known),
        State(team=bound),
        at(0.0),
        decisions=Decisions(accept_unknown_team=accepted),
        capabilities=capabilities,
    )
    return asyncio.run(check_tenant(reader, inputs))


@pytest.mark.parametrize(("declared", "bound"), [("", ""), ("T", ""), ("", "T"), ("T", "T")])
def test_the_team_of_the_key_is_told(declared: str, bound: str) -> None:
    assert checked(Offering("T"), declared, bound) == ("T", "")


@pytest.mark.parametrize(("declared", "bound"), [("X", ""), ("", "X"), ("X", "X")])
def test_a_key_of_another_team_stops_the_run(declared: str, bound: str) -> None:
    with pytest.raises(RunStopped, match=r"belongs to team T, but .* X. Use that team's key"):
        checked(Offering("T"), declared, bound)


@pytest.mark.parametrize(("declared", "bound"), [("T", "X"), ("X", "T")])
def test_no_key_is_right_where_the_declared_team_is_not_that_of_state(declared: str, bound: str) -> None:
    for teams in (("T",), ("T", "X"), ()):
        with pytest.raises(RunStopped, match=f"team is {declared}, but its state belongs to team {bound}"):
            checked(Offering(*teams), declared, bound, accepted=True)


def test_a_key_with_several_teams_is_bound_to_none() -> None:
    team, warning = checked(Offering("B", "A"))
    assert team == ""
    assert "name several teams: A, B" in warning


@pytest.mark.parametrize(("declared", "bound"), [("A", ""), ("", "B"), ("A", "A")])
def test_one_team_among_several_is_not_known_to_be_the_keys(declared: str, bound: str) -> None:
    with pytest.raises(RunStopped, match=r"name several teams: A, B, and .* --accept-unknown-team"):
        checked(Offering("B", "A"), declared, bound)
    assert checked(Offering("B", "A"), declared, bound, accepted=True)[0] == ""


def test_templates_that_the_plan_read_are_not_read_again() -> None:
    reader = Offering("X")
    assert checked(reader, "T", known=(LiveTemplate("tpl", "One year", "T"),)) == ("T", "")
    assert not reader.asked


SILENT = pytest.mark.parametrize(
    "reader",
    [
        Offering(),
        Offering(""),
        Offering(error=ApiError("GET …: 404", status=404)),
        Offering(error=ApiError("GET …: 403", status=403)),
        Offering(error=ApiError("GET …: not a list of templates", status=200)),
    ],
    ids=["none", "nameless", "absent", "forbidden", "another envelope"],
)


@SILENT
@pytest.mark.parametrize(("declared", "bound"), [("T", ""), ("", "T"), ("T", "T")])
def test_an_expected_tenant_that_is_not_shown_is_refused(reader: Offering, declared: str, bound: str) -> None:
    with pytest.raises(
        RunStopped, match=r"the tenant of the API key is not known: .* T\. .*--accept-unknown"
    ):
        checked(reader, declared, bound)
    team, warning = checked(reader, declared, bound, accepted=True)
    assert (team, "could not be checked" in warning) == ("", True)


@SILENT
def test_without_an_expected_tenant_one_that_is_not_shown_is_a_warning(reader: Offering) -> None:
    team, warning = checked(reader)
    assert (team, "could not be checked" in warning) == ("", True)


@pytest.mark.parametrize(("declared", "bound"), [("T", ""), ("", "T")])
def test_pro_never_shows_a_tenant_so_an_expected_one_is_refused(declared: str, bound: str) -> None:
    reader = Offering("T")
    with pytest.raises(RunStopped, match="the pro API does not show which team a key belongs to"):
        checked(reader, declared, bound, capabilities=PRO)
    assert checked(reader, declared, bound, accepted=True, capabilities=PRO) == ("", "")
    assert checked(reader, capabilities=PRO) == ("", "")
    assert not reader.asked


def test_who_knows_better_is_not_believed_against_what_the_templates_say() -> None:
    with pytest.raises(RunStopped, match="belongs to team T, but"):
        checked(Offering("T"), "X", accepted=True)


def test_a_key_that_is_refused_is_not_a_tenant_that_cannot_be_told() -> None:
    with pytest.raises(Unauthorized):
        checked(Offering(error=Unauthorized("401", status=401)), "T")


@pytest.mark.parametrize(("declared", "bound"), [("T", ""), ("", "T")])
def test_nothing_is_written_while_an_expected_tenant_cannot_be_read(declared: str, bound: str) -> None:
    with pytest.raises(ApiError):
        checked(Offering(error=ApiError("GET …: 503", status=503)), declared, bound)


def test_without_an_expected_tenant_a_failed_read_is_said_and_not_fatal() -> None:
    assert "could not be checked" in checked(Offering(error=ApiError("GET …: 503", status=503)))[1]
