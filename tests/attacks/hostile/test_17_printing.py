"""Nothing that somebody wrote is printed raw: kind 17."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kardia_ctl
from kardia_ctl.api.limits.retry import RetryPolicy
from kardia_ctl.cli.main import run
from kardia_ctl.cli.output import console
from kardia_ctl.render.escape import escape_json, escape_lines, json_text
from tests.attacks.safeguards import removed

PACKAGE = Path(kardia_ctl.__file__).parent


HOSTILE = "\x1b]52;c;eA==\x07\x1b[2J\x9b31m\u202e\u2066\x08\r\x7f##vso[task.x]\u200b"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]|##|(?m:^\\s*::)")


@pytest.mark.parametrize(
    "arguments",
    [
        ["init", "{}"],
        ["schema", "{}"],
        ["schema", "x/{}"],
        ["validate", "{}"],
        ["validate", "{}", "--json"],
        ["plan", "{}"],
        ["apply", "{}"],
        ["show", "{}"],
        ["state", "show", "{}"],
        ["state", "forget", "{}"],
        ["state", "list", "{}"],
        ["get", "{}"],
        ["get", "patient", "{}"],
        ["api", "{}", "/"],
        ["api", "GET", "{}"],
        ["api", "GET", "/", "-H", "{}"],
        ["api", "GET", "/", "-f", "{}"],
        ["completion", "{}"],
        ["{}"],
        ["--{}"],
        ["plan", "--{}"],
        ["plan", "--target", "{}"],
        ["plan", "--parallelism", "{}"],
        ["status", "--listen", "{}"],
        ["sandbox", "connect", "--url", "{}"],
        ["sandbox", "serve", "--quirk", "{}"],
        ["sandbox", "emit", "{}"],
        ["sandbox", "serve", "--allow-host", "{}"],
        ["codes", "--cohort", "{}", "--sandbox"],
        ["version", "{}"],
        ["login", "--email", "{}", "--password-stdin"],
        ["plan", "--endpoint", "https://{}"],
        ["recordings", "{}"],
    ],
    ids=str,
)
def test_what_a_person_wrote_is_printed_without_acting(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KARDIA_API_KEY", "sandbox-key-of-a-test")
    monkeypatch.setenv("KARDIA_ENDPOINT", "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setattr(RetryPolicy, "wait", lambda *_: 0.0)
    for name in (HOSTILE, "::set-env name=A::b", f"a\n::error::{HOSTILE}"):
        run([argument.format(name.replace("/", "_")) for argument in arguments])
        out, err = capfd.readouterr()
        assert not RAW.search(out), out
        assert not RAW.search(err), err


@given(st.text() | st.text(st.sampled_from("\x1b[0m31;#:\n a\x9b\u202e")))
def test_lines_are_harmless_and_escaped_once(text: str) -> None:
    done = escape_lines(text)
    assert escape_lines(done) == done
    assert not RAW.search(re.sub("\x1b\\[(0|1|3[1236])m", "", done).replace("\x1b", ""))
    assert "\x1b" not in re.sub("\x1b\\[(0|1|3[1236])m", "", done)


@given(
    st.recursive(
        st.text() | st.integers() | st.none(),
        lambda of: st.lists(of) | st.dictionaries(st.text(), of),
        max_leaves=20,
    )
)
@example({"##": HOSTILE, "::": ["::set-env::", "\U0001f600"]})
def test_json_is_harmless_and_the_same(value: Any) -> None:
    for indent in (None, 2):
        text = json_text(value, indent=indent)
        assert not RAW.search(text)
        assert json.loads(text) == value
    body = json.dumps(value, indent=1).replace("\n", "\r\n\t")
    assert json.loads(escape_json(body)) == value


def test_everything_is_printed_in_one_place() -> None:
    """click.echo, print and the streams are used by the console alone, which escapes what it prints."""
    allowed = {"cli/output/console.py", "cli/process.py"}  # process: one constant line, before the imports
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "click.echo",
                "click.secho",
                "print",
                "sys.stdout.write",
                "sys.stderr.write",
                "click.echo_via_pager",
            }:
                assert name in allowed, f"{name}:{node.lineno} prints {ast.unparse(node)[:60]}"


def test_without_the_console_an_escape_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Mutant: lines are printed as they are."""
    with (
        removed(console, "escape", str),
        removed(console, "escape_lines", str),
        pytest.raises(AssertionError),
    ):
        test_what_a_person_wrote_is_printed_without_acting(["init", "{}"], tmp_path, monkeypatch, capfd)
