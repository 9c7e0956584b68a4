"""An invented twin: as many, as odd, with the same twins; and no value of anybody."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kardia_ctl.cli.main import run
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.operations.importing.invented_values import (
    InventedTexts,
    invented_address,
    invented_day,
    invented_text,
)
from kardia_ctl.planning.live.declarable import declarable
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.control.given_account import UnusableAccount, start_with
from kardia_ctl.sandbox.data.values import Hook
from tests.canary.desk import inner_desk
from tests.importing.accounts import ACCOUNTS, LiveAccount


def people(account: Account) -> list[LivePatient]:
    return [
        LivePatient(
            one.id, one.mrn, one.dob, one.email, one.firstname, one.lastname, one.sex, one.status.value
        )
        for one in account.patients.all()
    ]


def shape(texts: Iterable[str | None]) -> list[int]:
    """How often texts repeat: the same for equal numbers of equal ones."""
    return sorted(Counter(text for text in texts if text).values())


@settings(max_examples=100)
@given(live=ACCOUNTS)
def test_a_twin_has_the_shape_of_the_account_and_nobodys_data(live: LiveAccount) -> None:
    with TemporaryDirectory() as place, inner_desk(Path(place) / "clinic", "version: 1\n") as desk:
        live.fill(desk.account)
        ran = desk.run("import", str(desk.path), "--sanitize")
        assert ran.code == 0, ran.told
        with Account() as twin:
            assert start_with(twin, desk.path / "twin") == len(live.patients)
            before, after = people(desk.account), people(twin)
            assert shape(one.mrn for one in after) == shape(one.mrn for one in before)
            assert shape(one.email for one in after) == shape(one.email for one in before)
            assert Counter(one.status for one in after) == Counter(one.status for one in before)
            assert len(twin.settings.templates()) == len(desk.account.settings.templates())
            assert (twin.settings.callback(Hook.CALLBACK) is None) == (live.callback in (None, ""))
            for name in ("id", "mrn", "email", "firstname", "lastname"):
                theirs = {getattr(one, name) for one in before} - {None, ""}
                ours = {getattr(one, name) for one in after} - {None, ""}
                assert not {text for text in theirs & ours if any(map(str.isalnum, text))}, name


ODD = (
    *(
        "0012345",
        "1e5",
        "123e4567",
        "0x1F",
        "+12",
        "-0042",
        "AC-0710",
        "12:30",
        "2000-07-21",
        "a/b c",
        "x" * 40,
    ),
    *(
        "NULL",
        "None",
        "No",
        "~",
        "O'Brien",
        "O''Brien",
        "Müller",
        "Zoë Anna",
        "李小龙",
        "مهدی",
        "می\u200cخ",
        " Vel",
    ),
    *("=SUM(A1)", "&amp;", "a_x000D_b", "#N/A", "JosÃ©", "x\ny", "a\u2028b", "\x07x", "", "😀 Vel", "A", "1"),
)


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_stays_as_odd(text: str) -> None:
    for seed in range(20):
        found = invented_text(Random(seed), text)
        for name in ("mrn", "firstname"):
            live, twin = ({**VALUES, name: value} for value in (text, found))
            assert flaws(live).keys() == flaws(twin).keys(), (text, found, name)


VALUES: dict[str, Any] = {"id": "x", "mrn": "A-1", "dob": "1961-04-30", "email": "a@example.com"}


def flaws(values: dict[str, Any]) -> dict[str, str]:
    return declarable(LivePatient(**values), "2026-01-01")[1]


@pytest.mark.parametrize(
    "text", ["joe@example.com", "Ann.Lee+x@sub.Example.org", "none", "a@b", "@", "a b@x.com", "ü@example.com"]
)
def test_an_address_stays_one_or_none(text: str) -> None:
    for seed in range(20):
        found = invented_address(Random(seed), text)
        assert flaws({**VALUES, "email": text}).keys() == flaws({**VALUES, "email": found}).keys(), found


@pytest.mark.parametrize(
    "text",
    [
        "1961-04-30",
        "1849-01-01",
        "1904-02-29",
        "2031-01-01",
        "1961-04-30T00:00:00Z",
        "21/07/2000",
        "0001-01-01",
    ],
)
def test_a_birth_date_stays_as_good(text: str) -> None:
    for seed in range(20):
        found = invented_day(Random(seed), text, date(2025, 12, 30))
        assert flaws({**VALUES, "dob": text}).keys() == flaws({**VALUES, "dob": found}).keys(), found


@given(some.lists(some.text("01", min_size=1, max_size=2), max_size=12))
def test_where_there_are_hardly_any_texts_of_a_kind_others_are_found(texts: list[str]) -> None:
    invent = InventedTexts(Random(1), texts, unique=True)
    found = {text: invent(text) for text in texts}
    assert len(set(found.values())) == len(found)
    assert not set(found.values()) & set(texts)
    assert all(invent(text) == found[text] for text in texts)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "line 1 is no JSON object"),
        (["[]"], "line 1 is no JSON object"),
        (['{"format": "other"}'], "is no account of kardia-ctl import"),
        (['{"format": "kardia-ctl invented account 1"}'], "line 1 has no valid templates"),
        ([None, "{"], "line 2 is no JSON object"),
        ([None, '{"id": "x"}'], "line 2 has no id, or no status"),
        ([None, '{"id": "x", "status": "none", "mrn": []}'], "line 2 has a value that is no text"),
        (
            [None, '{"id": "x", "status": "none"}', '{"id": "x", "status": "none"}'],
            "two patients have one id",
        ),
    ],
)
def test_a_file_that_is_no_account_is_refused_and_fills_nothing(
    tmp_path: Path, lines: list[str | None], reason: str
) -> None:
    head = json.dumps({"format": "kardia-ctl invented account 1", "templates": [], "callbacks": {}})
    (tmp_path / "account.ndjson").write_text("".join(f"{line or head}\n" for line in lines))
    with Account() as account:
        with pytest.raises(ValueError, match=reason):
            start_with(account, tmp_path)
        assert account.patients.all() == []
        assert len(account.settings.templates()) == 2


def test_an_account_with_patients_is_not_filled(tmp_path: Path) -> None:
    head = json.dumps({"format": "kardia-ctl invented account 1", "templates": [], "callbacks": {}})
    (tmp_path / "account.ndjson").write_text(f"{head}\n")
    with Account() as account:
        account.patients.seed(1)
        with pytest.raises(UnusableAccount, match="has patients already"):
            start_with(account, tmp_path)
    with Account() as account, pytest.raises(UnusableAccount, match="No such file"):
        start_with(account, tmp_path / "nowhere")


def test_the_served_sandbox_starts_with_a_twin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with inner_desk(tmp_path / "clinic", "version: 1\n") as desk:
        desk.account.patients.seed(3)
        assert desk.run("import", str(desk.path), "--sanitize", "--into", "a/twin").code == 0
        with monkeypatch.context() as nothing_is_sent:
            nothing_is_sent.setattr("kardia_ctl.cli.commands.importing.import_command.open_account", None)
            again = desk.run("import", str(desk.path), "--sanitize", "--into", "a/twin")
        assert f"{desk.path}/a/twin/account.ndjson is there already. Remove it, or" in again.err
        for more in (("--adopt",), ("--split", "3"), ("--format", "csv"), ("--cohort", "x")):
            assert "--sanitize writes" in desk.run("import", str(desk.path), "--sanitize", *more).err
    served = []
    monkeypatch.setattr("kardia_ctl.sandbox.server.serve", lambda *_, **__: None)
    monkeypatch.setattr(
        "kardia_ctl.sandbox.app.create_app", lambda account, *_: served.append(len(account.patients.all()))
    )
    twin = str(tmp_path / "clinic" / "a" / "twin")
    assert run(["sandbox", "serve", "--from", twin, "--port", "0"]) == 0
    assert served == [3]
    for wrong in ((str(tmp_path),), (twin, "--empty"), (twin, "--patients", "3")):
        assert run(["sandbox", "serve", "--port", "0", "--from", *wrong]) == 1
    assert capsys.readouterr().err.count("Error: --from") == 3
    assert served == [3]
