"""A repository with the recipes, and an account on loopback that their steps work with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.server import serving
from tests.cli.commands.diff.repositories import START, Repository, repository
from tests.recipes.runner import StepRunner
from tests.recipes.written import write_recipes

KEYS = {
    "secrets.KARDIA_API_KEY": API_KEY,
    "secrets.KARDIA_STATE_KEY": "s" * 32,
    "secrets.KARDIA_REVIEW_KEY": "r" * 32,
    "secrets.KARDIA_AGE_IDENTITY": "",
    "github.token": "a-token",
    "github.server_url": "https://github.example.com",
    "github.repository": "clinic/kardia",
    "github.run_id": "77",
    "github.event.pull_request.number": "12",
}


@pytest.fixture
def clinic(tmp_path: Path) -> Repository:
    made = repository(tmp_path / "repository")
    made.git("mv", "clinic/kardia.yaml", "kardia.yaml")
    made.write(f"{START}state: sqlite:///.kardia/state.db\n", "kardia.yaml")
    write_recipes(made.top)
    made.commit()
    return made


@pytest.fixture
def runner(clinic: Repository, tmp_path: Path) -> Iterator[StepRunner]:
    with Account(seed=7) as account, serving(create_app(account)) as url:
        yield StepRunner(clinic.top, tmp_path / "runner", {"KARDIA_ENDPOINT": url}, dict(KEYS)).prepare()
