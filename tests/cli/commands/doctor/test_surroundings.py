"""doctor and what surrounds a run: configuration, key, state, files, git. Half of it may be broken."""

import json
import os
import re
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest

from kardia_ctl.render.findings import REPORT
from kardia_ctl.state.open import open_store
from tests.cli.commands.doctor.clinics import Surgery


def test_without_a_configuration_the_account_is_checked_all_the_same(
    surgery: Surgery, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    surgery.path = tmp_path / "empty"
    found = surgery.examined()
    assert found.wrong == {"configuration"}
    assert "kardia-ctl init" in found.text("configuration")
    assert found.grade("state") == found.grade("git") == "skipped"
    assert found.grade("list") == found.grade("tenant") == "fine"
    assert list(surgery.path.iterdir()) == []


def test_a_configuration_with_problems_is_counted_and_the_account_is_checked(surgery: Surgery) -> None:
    surgery.edit(lambda text: text.replace("1958-03-14", "1958-13-14").replace("1971-11-02", "x"))
    found = surgery.examined()
    assert found.wrong == {"configuration"}
    assert "it has 2 problems. Run kardia-ctl validate" in found.text("configuration")
    assert "CL-0001042" not in str(found.document)
    assert found.grade("list") == found.grade("tenant") == "fine"
    assert found.grade("templates") == "skipped"


def test_where_the_account_itself_is_not_known_nothing_is_sent(surgery: Surgery) -> None:
    surgery.edit(lambda text: f"{text}\napi: {{region: mars}}\n")
    found = surgery.examined()
    assert found.wrong == {"configuration"}
    assert found.document["requests"] == 0
    assert found.grade("answers") == found.grade("state") == "skipped"
    assert "kardia.yaml has problems, so the account is not known" in found.text("answers")


@pytest.mark.parametrize("key", [None, "", "  ", '"quoted-key-of-somebody"', "short"])
def test_without_a_key_the_rest_is_checked(key: str | None, surgery: Surgery) -> None:
    surgery.applied()
    if key is None:
        surgery.patch.delenv("KARDIA_API_KEY")
    else:
        surgery.patch.setenv("KARDIA_API_KEY", key)
    surgery.patch.setattr("kardia_ctl.cli.account.keyring.find_key", lambda *_: "")
    found = surgery.examined()
    assert found.wrong <= {"key", "environment"}
    assert "key" in found.wrong
    assert found.grade("answers") == "skipped"
    assert found.grade("state") == "fine"
    assert found.document["requests"] == 0


def test_the_place_of_the_key_is_said(surgery: Surgery, tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(os.environ["KARDIA_API_KEY"])
    file.chmod(0o640)
    found = surgery.examined(None, None, "--api-key-file", str(file))
    assert f"from {file}" in found.text("key")
    assert found.wrong == {"files"}
    assert f"others may read {file} (mode 640). Run: chmod 600 {file}" in found.text("files")


def test_permissions_of_keys_and_state_are_looked_at(surgery: Surgery) -> None:
    surgery.applied()
    assert surgery.examined().grade("files") == "fine"
    (surgery.path / ".kardia" / "key").chmod(0o644)
    (surgery.path / ".kardia").chmod(0o755)
    found = surgery.examined()
    assert found.wrong == {"files"}
    assert "chmod 600" in found.text("files")
    assert "chmod 700" in found.text("files")


def test_a_run_under_way_is_a_note_and_one_that_broke_off_is_wrong(surgery: Surgery) -> None:
    surgery.applied()
    store = open_store("sqlite:///.kardia/state.db", surgery.path, "default")
    with store.lock("apply"):
        found = surgery.examined()
        assert found.grade("run") == "note"
        assert "is running" in found.text("run")
        assert found.code == 0
    with sqlite3.connect(surgery.path / ".kardia" / "state.db") as db:
        db.execute("UPDATE run SET ended = 0")
    found = surgery.examined()
    assert found.wrong == {"run"}
    assert "ended without finishing. Run apply" in found.text("run")


def test_a_state_that_is_damaged_is_said_and_the_rest_is_checked(surgery: Surgery) -> None:
    surgery.applied()
    (surgery.path / ".kardia" / "state.db").write_bytes(b"no database" * 1000)
    found = surgery.examined()
    assert found.wrong == {"state"}
    assert found.grade("run") == found.grade("state key") == found.grade("last run") == "skipped"
    assert found.grade("list") == found.grade("callback") == "fine"


def test_the_key_of_another_state_is_said(surgery: Surgery) -> None:
    surgery.applied()
    surgery.patch.setenv("KARDIA_STATE_KEY", "another key that is long enough")
    found = surgery.examined()
    assert found.wrong == {"state key"}
    assert "written with another key" in found.text("state key")


def test_a_log_that_was_tampered_with_is_said(surgery: Surgery) -> None:
    surgery.applied()
    with sqlite3.connect(surgery.path / ".kardia" / "state.db") as db:
        db.execute("UPDATE audit SET entry = '{}' WHERE number = 1")
    found = surgery.examined()
    assert found.wrong == {"audit log"}


def test_what_git_tracks_is_said_without_names_of_patients_files(surgery: Surgery) -> None:
    for words in (["init", "-q"], ["remote", "add", "origin", "https://git.example.com/x"], ["add", "-A"]):
        subprocess.run(["git", *words], check=True, cwd=surgery.path)
    found = surgery.examined()
    assert found.wrong == {"git"}
    assert "git tracks 1 file with patients in plain text, and there is a remote" in found.text("git")
    surgery.edit(lambda text: f"{text}\nphi_in_git: accepted\n")
    assert surgery.examined().grade("git") == "fine"


def test_a_library_that_the_configuration_needs_is_named(surgery: Surgery) -> None:
    from importlib import metadata

    known = metadata.version

    def version(name: str) -> str:
        if name == "openpyxl":
            raise metadata.PackageNotFoundError(name)
        return known(name)

    surgery.patch.setattr("kardia_ctl.cli.commands.doctor.machine_checks.version", version)
    assert surgery.examined().grade("libraries") == "fine"
    (surgery.path / "c.xlsx").write_bytes(b"PK")
    surgery.edit(lambda text: f"{text}\ncohorts: {{c: {{source: c.xlsx}}}}\n")
    found = surgery.examined()
    assert "libraries" in found.wrong
    assert "pip install 'kardia-ctl[xlsx]'" in found.text("libraries")


def test_a_variable_that_is_set_and_empty_is_named(surgery: Surgery) -> None:
    surgery.patch.setenv("KARDIA_PLAN_KEY", "")
    found = surgery.examined()
    assert found.wrong == {"environment"}
    assert "KARDIA_PLAN_KEY is set but empty" in found.text("environment")


def test_a_proxy_of_other_programs_is_said_to_be_unused(surgery: Surgery) -> None:
    surgery.patch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example.com")
    found = surgery.examined()
    assert found.code == 0
    assert "HTTPS_PROXY is set, and is not used" in found.text("host")
    assert "secret" not in str(found.document)


def test_a_check_that_is_itself_broken_ends_no_other(surgery: Surgery) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("Ann Quist")

    surgery.patch.setattr("kardia_ctl.cli.commands.doctor.state_checks.check_state", broken)
    found = surgery.examined()
    assert found.wrong == {"state"}
    assert "Internal error (ZeroDivisionError" in found.text("state")
    assert "Quist" not in str(found.document)


def test_nothing_is_changed(surgery: Surgery) -> None:
    surgery.applied()

    def content() -> dict[Path, tuple[bytes, int]]:
        files = (path for path in surgery.path.rglob("*") if path.is_file())
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before = content()
    assert set(surgery.examined().methods) == {"GET"}
    assert content() == before


def test_the_text_has_a_line_for_each_finding_and_says_how_many_are_not_fine(surgery: Surgery) -> None:
    with surgery.served():
        code, out, _ = surgery.run("doctor", str(surgery.path))
        assert code == 0
        assert out.endswith("\nEverything that was checked is fine. Requests: 6, all of them reads.\n")
        surgery.patch.setenv("KARDIA_PLAN_KEY", "")
        code, out, _ = surgery.run("doctor", str(surgery.path))
    assert code == 1
    assert re.search(r"^NOT OK  environment +KARDIA_PLAN_KEY is set but empty", out, re.MULTILINE)
    assert "1 finding not fine." in out


def test_the_report_is_private_and_replaces_no_other_file(surgery: Surgery, tmp_path: Path) -> None:
    surgery.applied()
    report = tmp_path / "report.json"
    with surgery.served():
        for _ in range(2):
            code, _, err = surgery.run("doctor", str(surgery.path), "--report", str(report))
            assert code == 0
            assert f"Wrote {report}. Read it before you send it" in err
        assert stat.S_IMODE(report.stat().st_mode) == 0o600
        document = json.loads(report.read_text())
        assert next(iter(document)) == REPORT
        assert {found["check"] for found in document["findings"]} >= {"list", "cursor", "callback", "state"}
        report.write_text("mine")
        assert surgery.run("doctor", str(surgery.path), "--report", str(report))[0] == 1
        assert report.read_text() == "mine"
        main = surgery.path / "kardia.yaml"
        text = main.read_text()
        assert surgery.run("doctor", str(surgery.path), "--report", str(main))[0] == 1
        assert main.read_text() == text
