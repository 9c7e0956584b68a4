"""The commands around plan and apply, their exit codes and their first error messages."""

import csv
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kardia_ctl import __version__
from kardia_ctl.cli.main import COMMANDS, root
from kardia_ctl.sandbox.data.values import PatientStatus
from tests.cli.conftest import Desk
from tests.paths import CLINIC

CODE = "GET /v1/patients/{id}/code"


def test_issued_codes_go_to_a_private_file_and_nowhere_else(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    ran = desk.apply("--codes-out", str(file))
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert sorted((row["mrn"], row["template"], row["status"]) for row in rows) == [
        ("CL-0001042", "one-year", "pending"),
        ("CL-0001057", "one-year", "pending"),
    ]
    assert {row["code"] for row in rows} == {code.code for code in desk.account.connections.codes()}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    everything = (
        ran.out
        + ran.err
        + "".join(kept.read_bytes().decode("latin-1") for kept in (desk.path / ".kardia").iterdir())
    )
    assert not [row["code"] for row in rows if row["code"] in everything]


def test_codes_of_an_earlier_run_stay_in_the_file(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("mrn,code,template,status\nX,AAAA,one-year,pending\n")
    desk.apply("--codes-out", str(file))
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert rows[0]["mrn"] == "X"
    assert sorted(row["mrn"] for row in rows) == ["CL-0001042", "CL-0001057", "X"]


def test_codes_asks_again_for_what_was_issued_and_orders_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.apply()
    issued = {code.code for code in desk.account.connections.codes()}
    refused = desk.run("codes", str(desk.path))
    assert refused.code == 1
    assert CODE not in refused.requests
    assert "--auto-approve" in refused.err
    shown = desk.run("state", "show", "connection_code/CL-0001042/one-year", str(desk.path)).out
    ran = desk.run("codes", str(desk.path), "--auto-approve")
    assert (ran.code, ran.requests.count(CODE)) == (0, 2)
    assert desk.run("state", "show", "connection_code/CL-0001042/one-year", str(desk.path)).out == shown
    assert {row["code"] for row in csv.DictReader(ran.out.splitlines())} == issued
    assert {code.code for code in desk.account.connections.codes()} == issued


def test_codes_of_a_disconnected_patient_are_not_asked_for(desk: Desk) -> None:
    desk.apply()
    for patient in desk.account.patients.all():
        desk.account.patients.set_status(patient.id, PatientStatus.NONE)
    ran = desk.run("codes", str(desk.path), "--auto-approve")
    assert CODE not in ran.requests
    assert "Not fetched" in ran.err


def test_codes_of_another_tenant_are_not_asked_for(desk: Desk) -> None:
    desk.apply()
    desk.edit(lambda text: text.replace("Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah", "another-team"))
    ran = desk.run("codes", str(desk.path), "--auto-approve")
    assert ran.code == 1
    assert CODE not in ran.requests
    assert "another-team" in ran.err


def test_an_unwritable_codes_file_is_said_before_anything_is_done(desk: Desk, tmp_path: Path) -> None:
    ran = desk.apply("--codes-out", str(tmp_path / "nowhere" / "codes.csv"))
    assert ran.code == 1
    assert not [one for one in ran.requests if one.startswith(("POST", "PUT"))]
    assert "codes.csv" in ran.err


def test_a_decision_about_the_wrong_kind_is_an_error(desk: Desk) -> None:
    ran = desk.plan("--reissue", "patient/CL-0001042")
    assert (ran.code, ran.requests) == (1, [])
    assert "connection_code" in ran.err


def test_results_hold_a_row_for_every_write(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "results.ndjson"
    desk.apply("--results", str(file))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == 8
    assert {row["status"] for row in rows} == {"done"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_state_lists_shows_and_forgets(desk: Desk) -> None:
    desk.apply()
    listed = desk.run("state", "list", str(desk.path)).out.splitlines()
    assert len(listed) == 8
    assert "patient/CL-0001042" in listed
    shown = desk.run("state", "show", "patient/CL-0001042", str(desk.path)).out
    assert desk.account.patients.all()[-1].id in shown or "id" in shown
    refused = desk.run("state", "forget", "patient/CL-0001042", str(desk.path))
    assert refused.code == 1
    assert desk.run("state", "forget", "patient/CL-0001042", str(desk.path), "--auto-approve").code == 0
    left = desk.run("state", "list", str(desk.path)).out.splitlines()
    assert len(left) == 6
    assert "patient/CL-0001042 will be imported" in desk.plan().out


def test_a_target_takes_what_it_depends_on_along_and_forgets_nobody(desk: Desk) -> None:
    ran = desk.apply("--target", "connection_code/CL-0001042/one-year")
    assert ran.code == 0
    assert [patient.mrn for patient in desk.account.patients.all()] == ["CL-0001042"]
    desk.edit(lambda text: text[: text.index("  - mrn: CL-0001063")])
    desk.apply()
    ran = desk.plan("--target", "callback")
    assert ran.requests == ["GET /v1/callback"]


def test_an_unknown_target_is_an_error_before_any_request(desk: Desk) -> None:
    ran = desk.plan("--target", "patient/NOBODY")
    assert (ran.code, ran.requests) == (1, [])
    assert "patient/NOBODY is not declared" in ran.err


def test_a_file_that_does_not_validate_sends_nothing(desk: Desk) -> None:
    desk.edit(lambda text: re.sub("dob: .*", "dob: 1988-02-30", text, count=1))
    for ran in (desk.plan(), desk.apply(), desk.run("validate", str(desk.path))):
        assert (ran.code, ran.requests) == (1, [])
        assert "kardia.yaml:" in ran.err
        assert "patient/CL-0001042" in ran.err
        assert "1988-02-30" not in ran.err


def test_validate_counts_what_is_declared(desk: Desk) -> None:
    ran = desk.run("validate", str(desk.path))
    assert (ran.code, ran.requests) == (0, [])
    settings = "1 callback URL, 1 QT callback URL, 1 service provider"
    assert ran.out == f"The configuration is valid: {settings}, 3 patients, 2 connection codes.\n"
    many = [f"  - {{mrn: M-{one}, dob: 1990-01-01, email: m{one}@example.com}}\n" for one in range(1000)]
    (desk.path / "kardia.yaml").write_text("version: 1\npatients:\n" + "".join(many))
    assert "valid: 1000 patients." in desk.run("validate", str(desk.path)).out


def test_validate_json_is_terraforms(desk: Desk) -> None:
    assert json.loads(desk.run("validate", "--json", str(desk.path)).out)["valid"] is True
    desk.edit(lambda text: text.replace("version: 1", "version: 7", 1))
    ran = desk.run("validate", "--json", str(desk.path))
    document = json.loads(ran.out)
    assert ran.code == 1
    assert (document["valid"], document["error_count"]) == (False, 1)
    assert document["diagnostics"][0]["range"]["start"]["line"]


def test_two_applies_at_once_do_not_write_both(desk: Desk) -> None:
    from kardia_ctl.state.open import open_store

    with open_store("sqlite:///.kardia/state.db", desk.path, "default").lock("apply"):
        ran = desk.apply()
    assert (ran.code, ran.requests) == (1, [])
    assert "apply" in ran.err
    assert "since" in ran.err


def test_plan_says_that_an_apply_is_running_and_does_not_wait(desk: Desk) -> None:
    from kardia_ctl.state.open import open_store

    desk.apply()
    with open_store("sqlite:///.kardia/state.db", desk.path, "default").lock("apply"):
        ran = desk.plan()
    assert ran.code == 0
    assert "running" in ran.err


def test_a_server_that_is_not_there_is_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARDIA_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("kardia_ctl.api.limits.retry.RetryPolicy.wait", lambda *_: 0.0)
    ran = desk.plan()
    assert ran.code == 1
    assert ran.err.startswith("Error: ")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://kardia.example.com",
        "ftp://kardia.example.com",
        "https://u:p@kardia.example.com",
        "x",
        "https://xn--zz.invalid",
    ],
)
def test_an_endpoint_must_be_https_but_for_loopback(
    desk: Desk, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARDIA_ENDPOINT", endpoint)
    ran = desk.plan()
    assert ran.code == 1
    assert "https" in ran.err


def test_init_starts_a_configuration_that_validates(desk: Desk, tmp_path: Path) -> None:
    directory = tmp_path / "new"
    assert desk.run("init", str(directory)).code == 0
    assert desk.run("validate", str(directory)).code == 0
    assert desk.run("init", str(directory)).code == 1
    ignored = (directory / ".gitignore").read_text().splitlines()
    assert {".kardia/", "*.rejected.csv", "codes.csv"} <= {*ignored}


def test_unknown_words_are_errors_with_exit_code_1_and_a_hint(desk: Desk) -> None:
    assert "Did you mean plan?" in desk.run("plann").err
    assert desk.run("plann").code == 1
    assert desk.run("plan", "--targt", "callback").code == 1


def test_every_command_has_help_through_clicks_runner() -> None:
    for name in COMMANDS:
        result = CliRunner().invoke(root, [name, "--help"])
        assert result.exit_code == 0, result.output
        assert result.output.startswith("Usage: ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(shell: str) -> None:
    result = CliRunner().invoke(root, ["completion", shell], prog_name="kardia-ctl")
    assert result.exit_code == 0
    assert "_KARDIA_CTL_COMPLETE" in result.output


def script(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("kardia-ctl")
    return subprocess.run(
        [command, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environ}
    )


def test_the_installed_script_plans_applies_and_plans_again(tmp_path: Path) -> None:
    path = str(tmp_path / "clinic")
    shutil.copytree(CLINIC, path)
    assert script("plan", path, "--sandbox", "--detailed-exitcode").returncode == 2
    assert script("apply", path, "--sandbox", "--auto-approve").returncode == 0
    again = script("plan", path, "--sandbox", "--detailed-exitcode")
    assert (again.returncode, again.stdout.splitlines()[0][:11]) == (0, "No changes.")
    assert again.stderr == ""


def test_the_installed_script_says_its_version() -> None:
    assert script("--version").stdout == f"kardia-ctl {__version__}\n"


def test_a_closed_stdout_is_no_traceback(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("kardia-ctl")
    with subprocess.Popen(
        [command, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_a_key_that_was_given_to_the_sandbox_is_not_printed() -> None:
    command = Path(sys.executable).with_name("kardia-ctl")
    with subprocess.Popen(
        [command, "sandbox", "serve", "--port", "0", "--api-key", "mine-alone"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        process.terminate()
    assert line.startswith("http://127.0.0.1:")
    assert "mine-alone" not in line


def test_a_port_that_is_taken_is_one_line(desk: Desk) -> None:
    port = os.environ["KARDIA_ENDPOINT"].rpartition(":")[2]
    ran = desk.run("sandbox", "serve", "--port", port)
    assert ran.code == 1
    assert f"cannot listen on 127.0.0.1:{port}: " in ran.err
