"""``kardia-ctl version``."""

import json
import platform

import pytest

from kardia_ctl import __version__
from kardia_ctl.cli.main import run


def test_version_names_python_and_each_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"kardia-ctl v{__version__}"
    assert f"+ Python v{platform.python_version()}" in lines
    assert any(line.startswith("+ httpx v") for line in lines)
    assert not any(line.startswith("+ pytest") for line in lines)


def test_version_as_json_is_terraforms_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"terraform_version", "platform", "provider_selections", "terraform_outdated"} <= document.keys()
    assert document["kardia_ctl"]["version"] == __version__
    assert document["kardia_ctl"]["libraries"]["click"]
