"""The steps of docs/shared-state.md, as a new user takes them."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.attacks.processes import site
from tests.docs.pages import blocks
from tests.paths import ROOT
from tests.state.postgres_server import PostgresServer, postgres_server

_PASSWORD = "hunter2-s3cret"


@pytest.fixture
def asking() -> Iterator[PostgresServer]:
    """A server that asks everybody but its superuser for a password."""
    access = (
        "local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    )
    with postgres_server(access=access) as server:
        yield server


def steps() -> tuple[list[str], str]:
    """The shell's lines in the section about PostgreSQL, and the state URL below them."""
    found = list(blocks(ROOT / "docs" / "shared-state.md"))
    place = next(number for number, block in enumerate(found) if "createuser" in block.text)
    (url,) = re.findall(r"^state: (\S+)$", found[place + 1].text, re.MULTILINE)
    return found[place].text.splitlines(), url


def test_the_steps_for_a_new_user_work(asking: PostgresServer, tmp_path: Path) -> None:
    lines, url = steps()
    install, *making, password, key = lines
    assert install == "pip install 'kardia-ctl[postgresql]'"
    assert (password.partition("=")[0], key.partition("=")[0]) == (
        "export PGPASSWORD",
        "export KARDIA_STATE_KEY",
    )
    for line in making:
        program, *words = line.replace("db.example.com", f"127.0.0.1 --port {asking.port}").split()
        subprocess.run(
            [asking.programs / program, *words],
            input=f"{_PASSWORD}\n{_PASSWORD}\n",
            text=True,
            check=True,
            capture_output=True,
            start_new_session=True,
        )
    parts = urlsplit(url)
    here = parts._replace(netloc=f"{parts.username}@127.0.0.1:{asking.port}", query="")  # it has no TLS
    yaml = f"version: 1\nstate: {here.geturl()}\ncohorts: {{c: {{source: c.csv}}}}\n"
    with site(tmp_path, count=3, yaml=yaml) as place:
        code, _, err = place.run("apply", "--auto-approve")
        assert (code, "set PGPASSWORD" in err) == (1, True)
        place.environ.update(PGPASSWORD=_PASSWORD, KARDIA_STATE_KEY=os.urandom(32).hex())
        code, out, err = place.run("apply", "--auto-approve")
        assert code == 0, out + err
        code, out, err = place.run("plan", "--detailed-exitcode")
        assert (code, "No changes." in out) == (0, True)
        for text in (out, err):
            assert _PASSWORD not in text
