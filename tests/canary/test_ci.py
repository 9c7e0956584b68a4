"""ci and reports of validate, on every CI system: no value, mrn or reason in what they print and write."""

from collections.abc import Iterator

import pytest

from kardia_ctl.cli.commands.ci.platforms import Platform
from tests.canary.desk import in_memory
from tests.canary.watch import OURS, THEIRS, Watch, declared, watched

MRN, REASON = "qzmrn-77120", "qzreason 55291"
DEPARTURES = f"""\
departures:
  - {{mrn: {MRN}-9, action: delete, reason: {REASON}}}
"""


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    for platform in Platform:
        if platform.value:
            monkeypatch.delenv(platform.value, raising=False)
    with in_memory() as place, watched(place / "watched") as opened:
        opened.mrns.add("an mrn", MRN)
        opened.scanner.add("a reason", REASON)
        opened.allowed |= {opened.desk.path / "kardia.yaml", opened.desk.path / ".kardia"}
        yield opened


def with_marked_mrns(text: str) -> str:
    return text.replace("QZMRN-", f"{MRN}-")


def on(platform: Platform, watch: Watch, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("CI", "true")
    if platform.value:
        patch.setenv(platform.value, "true")
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "BITBUCKET_PIPELINES_VARIABLES_PATH"):
        patch.setenv(name, str(watch.place / name))


@pytest.mark.parametrize("platform", Platform)
def test_a_job_shows_and_writes_no_value(
    platform: Platform, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(platform, watch, monkeypatch)
    file, out = watch.desk.path / "kardia.yaml", str(watch.place / "kardia-ci")
    path = str(watch.desk.path)
    file.write_text(with_marked_mrns(declared()) + "state: ephemeral\n" + DEPARTURES, encoding="utf-8")
    assert watch.run("ci", path, "--out", out).code == 3
    watch.run("ci", path, "--out", out, "--apply", "--auto-approve")
    account = watch.desk.account
    first = next(iter(account.patients.all()))
    account.patients.change(first.id, firstname=THEIRS.firstname, lastname=THEIRS.lastname)
    watch.run("ci", path, "--out", out, "--drift")
    file.write_text(file.read_text(encoding="utf-8").replace(OURS[0].dob, "31-05-1917"), encoding="utf-8")
    assert watch.run("ci", path, "--out", out).code == 1
    assert watch.looks


def test_a_report_of_validate_has_no_value(watch: Watch) -> None:
    file, place = watch.desk.path / "kardia.yaml", watch.place
    text = with_marked_mrns(declared()) + DEPARTURES
    for broken in (text, text.replace(OURS[0].dob, "31-05-1917").replace(OURS[1].email, "qzmail2")):
        file.write_text(broken, encoding="utf-8")
        options = (
            "--sarif",
            str(place / "s"),
            "--junit",
            str(place / "j"),
            "--code-quality",
            str(place / "q"),
        )
        watch.run("validate", str(watch.desk.path), *options)
