"""Two configurations of one account with one state: an import leaves the other's patients alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary.desk import InnerDesk, inner_desk
from tests.importing.test_import import add, imported

STATE = "version: 1\nstate: sqlite:///shared.db\nworkspace: "


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InnerDesk]:
    with inner_desk(tmp_path / "clinic", f"{STATE}one\n") as opened:
        yield opened


def test_whom_another_workspace_records_is_left_to_it(desk: InnerDesk) -> None:
    add(desk, "A-1")
    imported(desk, "--adopt")
    add(desk, "B-1")
    (desk.path / "kardia.yaml").write_text(f"{STATE}two\n")
    out = imported(desk, "--into", "second")
    assert "Left to another workspace of this state, which records them: 1 patient." in out
    assert (desk.path / "second" / "imported.yaml").read_text().count("mrn:") == 1
    plan = desk.plan().out
    assert "1 to import" in plan
    assert "Not declared" not in plan
    ran = desk.run("get", "patients", "--undeclared", "--json", "--config", str(desk.path))
    assert ran.out == "[]\n"
