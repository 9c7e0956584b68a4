"""The page of a plan, in Markdown and HTML: no value, no mrn, no reason, whatever the plan is about."""

from collections.abc import Iterator

import pytest

from kardia_ctl.sandbox.data.values import Hook
from tests.canary.desk import in_memory
from tests.canary.watch import CONFIGURATION, OURS, THEIRS, TOKEN, Watch, entry, fields, watched

MRN = "QZMRN-77-{}"
REASON = "Qzreason of a letter"


def declared(*lines: str, more: str = "") -> str:
    return CONFIGURATION + "".join(lines) + more


def line(number: int, more: str = "") -> str:
    return entry(OURS[number], more).replace(OURS[number].mrn, MRN.format(number))


DEPARTURES = f"""departures:
  - {{mrn: '{MRN.format(1)}', action: disconnect, code: withdrew-consent, reason: '{REASON}'}}
"""
DECISIONS = f"""decisions:
  - {{address: 'patient/{MRN.format(0)}', decision: accept, reason: '{REASON}', until: 2024-01-10}}
"""


@pytest.fixture
def watch() -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        for number in range(2):
            opened.scanner.add(f"mrn {number}", MRN.format(number))
        opened.scanner.add("a reason", REASON)
        opened.write("kardia.yaml", declared(line(0), line(1)))
        yield opened


def pages(watch: Watch, *arguments: str) -> Iterator[str]:
    """Both pages of a command, looked at."""
    files = [watch.place / "page.md", watch.place / "page.html"]
    ran = watch.desk.run(*arguments, "--markdown", str(files[0]), "--html", str(files[1]))
    assert files[1].exists(), ran.err
    for file in files:
        watch.nothing_in(file.read_bytes(), file.name)
        yield file.read_text(encoding="utf-8")
        file.unlink()


def looked_at(watch: Watch, *expected: str) -> None:
    for shown in pages(watch, "plan", str(watch.desk.path)):
        assert "patient/~" in shown
        for text in expected:
            assert text in shown, text


def test_pages_of_creates_departures_drift_and_what_is_blocked_hold_no_mark(watch: Watch) -> None:
    looked_at(watch, "to create", "kardia.yaml:")
    for _ in pages(watch, "plan", str(watch.desk.path), "--show-phi"):
        pass
    watch.desk.apply()
    account = watch.desk.account
    first, second = sorted((one for one in account.patients.all()), key=lambda one: one.mrn)[-2:]
    account.patients.change(first.id, lastname=THEIRS.lastname, email=THEIRS.email)
    account.settings.set_callback(Hook.CALLBACK, "https://hooks.example.com/kardia?token=" + TOKEN[::-1])
    watch.scanner.add("another token", TOKEN[::-1])
    looked_at(watch, "Drift", "lastname", "(hidden)")
    watch.write("kardia.yaml", declared(line(0).replace("1931-05-17", "1941-01-07"), more=DEPARTURES))
    looked_at(watch, "Blocked: ", "to disconnect", "withdrew-consent")
    assert second.mrn == MRN.format(1)
    changed = declared(line(0).replace("1931-05-17", "1941-01-07"), more=DEPARTURES + DECISIONS)
    watch.write("kardia.yaml", changed)
    looked_at(watch, "Accepted as blocked", "withdrew-consent")


def test_pages_of_saved_plans_and_of_patients_that_look_alike_hold_no_mark(watch: Watch) -> None:
    watch.desk.account.patients.add(fields(OURS[0], "QZMRN-OTHER"))
    watch.scanner.add("the other mrn", "QZMRN-OTHER")
    looked_at(watch, "the same person?")
    plan = watch.place / "saved.plan"
    watch.desk.plan("--out", str(plan))
    for shown in pages(watch, "show", str(plan)):
        assert "Blocked: " in shown


def test_the_pages_would_be_found_out(watch: Watch) -> None:
    """The control: the scanner finds a mark that a page holds."""
    file = watch.place / "page.md"
    watch.desk.plan("--markdown", str(file))
    watch.nothing_in(file.read_bytes(), file.name)
    for mark, name in ((MRN.format(1), "mrn 1"), (REASON, "a reason"), (OURS[0].dob, "dob of QZMRN-1")):
        with pytest.raises(AssertionError, match=name):
            watch.nothing_in(file.read_text(encoding="utf-8") + mark, file.name)
