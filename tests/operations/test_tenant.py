"""Whose key it is, before the first write."""

import asyncio

import pytest

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.errors import ApiError, RunStopped, Unauthorized
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import State
from kardia_ctl.model.template import LiveTemplate
from kardia_ctl.operations.tenant import check_tenant
from kardia_ctl.planning.inputs import PlanInputs
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
    reader: Offering, declared: str = "", bound: str = "", known: tuple[LiveTemplate, ...] | None = None
) -> tuple[str, str]:
    inputs = PlanInputs(Desired(team=declared), Observed(templates=known), State(team=bound), at(0.0))
    return asyncio.run(check_tenant(reader, inputs))


@pytest.mark.parametrize(("declared", "bound"), [("", ""), ("T", ""), ("", "T"), ("T", "T")])
def test_the_team_of_the_key_is_told(declared: str, bound: str) -> None:
    assert checked(Offering("T"), declared, bound) == ("T", "")


@pytest.mark.parametrize(("declared", "bound"), [("X", ""), ("", "X"), ("T", "X"), ("X", "T")])
def test_a_key_of_another_team_stops_the_run(declared: str, bound: str) -> None:
    with pytest.raises(RunStopped, match=r"belongs to team T, but .* X. Use that team's key"):
        checked(Offering("T"), declared, bound)


@pytest.mark.parametrize(
    ("declared", "bound", "expected"), [("A", "", "A"), ("B", "", "B"), ("", "B", "B"), ("", "", "A")]
)
def test_a_key_with_several_teams_is_bound_to_the_one_that_was_meant(
    declared: str, bound: str, expected: str
) -> None:
    assert checked(Offering("B", "A"), declared, bound) == (expected, "")


def test_templates_that_the_plan_read_are_not_read_again() -> None:
    reader = Offering("X")
    assert checked(reader, "T", known=(LiveTemplate("tpl", "One year", "T"),)) == ("T", "")
    assert not reader.asked


@pytest.mark.parametrize(
    "reader",
    [Offering(), Offering(""), Offering(error=ApiError("GET …: 404", status=404))],
    ids=["none", "nameless", "absent"],
)
def test_a_tenant_that_cannot_be_told_is_said_and_not_fatal(reader: Offering) -> None:
    team, warning = checked(reader, "T", "T")
    assert team == ""
    assert "could not be checked" in warning


def test_a_key_that_is_refused_is_not_a_tenant_that_cannot_be_told() -> None:
    with pytest.raises(Unauthorized):
        checked(Offering(error=Unauthorized("401", status=401)), "T")


@pytest.mark.parametrize(("declared", "bound"), [("T", ""), ("", "T")])
def test_nothing_is_written_while_an_expected_tenant_cannot_be_read(declared: str, bound: str) -> None:
    with pytest.raises(ApiError):
        checked(Offering(error=ApiError("GET …: 503", status=503)), declared, bound)


def test_without_an_expected_tenant_a_failed_read_is_said_and_not_fatal() -> None:
    assert "could not be checked" in checked(Offering(error=ApiError("GET …: 503", status=503)))[1]
