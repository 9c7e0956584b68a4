"""Every input does what its expect.md says.

A folder holds data as people really have it, expect.md says what is right for it, and runs.yaml holds the
commands and what must come of them. What needs a process, a terminal or another server is a test module
beside this one.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Final

import httpx
import pytest

from kardia_ctl.cli.main import run
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.inputs.runs import Step, stories

HERE: Final = Path(__file__).parent
FOLDERS: Final = sorted(path.parent.name for path in HERE.glob("*/expect.md"))
WITH_RUNS: Final = [name for name in FOLDERS if (HERE / name / "runs.yaml").exists()]
MODULES: Final[dict[str, str]] = {
    "test_17_interrupted_twice": "17-interrupted-twice",
    "test_18_hangup": "18-hangup",
    "test_19_state_in_parts": "19-state-in-parts",
    "test_24_windows": "24-windows",
    "test_25_proxy_and_own_authority": "25-proxy-and-own-authority",
    "test_26_few_open_files": "26-few-open-files",
    "test_42_forget_in_plan_json": "42-forget-in-plan-json",
    "test_43_no_color_empty": "43-no-color-empty",
    "test_44_probes_on_the_listener": "44-probes-on-the-listener",
    "test_47_read_only_directory": "47-read-only-directory",
}
"""The folders whose test is a module of its own."""

_OF_THE_MACHINE: Final = (
    "KARDIA_STATE_KEY",
    "KARDIA_STATE_ENCRYPTION_KEY",
    "KARDIA_PLAN_KEY",
    "KARDIA_STATE",
    "NO_COLOR",
    "CI",
)


def test_the_folders_are_all_here() -> None:
    assert len(FOLDERS) == 46
    assert [name for name in MODULES.values() if not (HERE / name).exists()] == []
    assert {*WITH_RUNS, *MODULES.values()} == set(FOLDERS), "an input that nothing runs"


@pytest.mark.parametrize("name", WITH_RUNS)
def test_the_input_does_what_its_expect_md_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, story in enumerate(stories(HERE / name)):
        copy = tmp_path / str(number)
        shutil.copytree(HERE / name, copy)
        with monkeypatch.context() as patch, Account() as account:
            for variable in _OF_THE_MACHINE:
                patch.delenv(variable, raising=False)
            with serving(create_app(account, Quirks.from_mapping(story.quirks))) as url:
                patch.setenv("KARDIA_ENDPOINT", url)
                patch.setenv("KARDIA_API_KEY", API_KEY)
                if story.live:
                    _enter(json.loads((copy / story.live).read_text()), url)
                for step in story.steps:
                    _prepare(step, copy, patch)
                    _check(step, account, capsys)


def _enter(patients: list[dict[str, str]], url: str) -> None:
    for patient in patients:
        httpx.post(f"{url}/v1/patients", data=patient, auth=(API_KEY, "")).raise_for_status()


def _prepare(step: Step, copy: Path, patch: pytest.MonkeyPatch) -> None:
    for name, value in step.env.items():
        patch.setenv(name, value)
    for target, source in step.copy.items():
        (copy / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(copy / source, copy / target)
    for change in step.change:
        file = copy / change.file
        before = file.read_bytes()
        after = before.replace(change.before.encode(), change.after.encode())
        assert after != before, change
        file.write_bytes(after)
    patch.chdir(copy / step.at)


def _check(step: Step, account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    sent = len(account.requests.all())
    code = run(list(step.run))
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert code == step.exit, text
    for said in step.says:
        assert said in text or said in " ".join(text.split()), f"{said!r} is not said:\n{text}"
    for never in step.never:
        assert never not in " ".join(text.split()), f"{never!r} is said:\n{text}"
    assert step.lines is None or len(text.splitlines()) <= step.lines, text
    requests = account.requests.all()
    assert step.requests in (None, len(requests) - sent), text
    assert step.orders in (None, sum(one.route.endswith("/code") for one in requests)), text
    if step.live is not None:
        assert _live(account, step.live) == step.live, text


def _live(account: Account, expected: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The account's patients by mrn, with the attributes that are expected of each; an unset one is empty."""
    everyone = account.patients.all()
    assert len({patient.mrn for patient in everyone}) == len(everyone)
    shown = {
        patient.mrn: {**asdict(patient), "phone": account.patients.phone(patient.id)} for patient in everyone
    }
    return {
        mrn: {name: _text(values[name]) for name in expected.get(mrn, {})} for mrn, values in shown.items()
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)
