"""Input 42: a consumer of Terraform's plan JSON meets only actions that the claimed version has."""

import json
import shutil
from pathlib import Path

import pytest

from tests.attacks.processes import Site, site

_FOLDER = Path(__file__).parent / "42-forget-in-plan-json"
_KNOWN = (["no-op"], ["create"], ["update"], ["delete"], ["forget"])
"""The actions of a managed resource in Terraform 1.7 and newer, without the two of a replacement."""


def actions(here: Site, part: str) -> list[list[str]]:
    """The actions of a part's plan, and the check of the version that it claims."""
    shutil.copy(_FOLDER / part / "kardia.yaml", here.path / "kardia.yaml")
    here.run("plan", "--out", "v.plan")
    code, out, err = here.run("show", "--json", "v.plan")
    assert code == 0, err
    document = json.loads(out)
    assert document["format_version"] == "1.2"
    assert tuple(map(int, document["terraform_version"].split("."))) >= (1, 7)
    return [change["change"]["actions"] for change in document["resource_changes"]]


@pytest.mark.parametrize("part", ["after", "export"])
def test_the_actions_are_those_of_the_claimed_version(tmp_path: Path, part: str) -> None:
    with site(tmp_path) as here:
        assert actions(here, "before")
        assert here.run("apply", "--auto-approve")[0] == 0
        found = actions(here, part)
        assert found
        assert [one for one in found if one not in _KNOWN] == []
        assert (["forget"] if part == "after" else ["update"]) in found
