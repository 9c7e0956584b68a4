"""A repository whose files are all encrypted gives the plan that its plain text gives, byte for byte."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.state import State
from kardia_ctl.planning.inputs import inputs_of
from kardia_ctl.planning.planner import make_plan
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View
from tests.config.encryption.sealing import OURS, loaded

MRNS = st.lists(
    st.sampled_from(["0012345", "12345", "1e5", "-0042", "No", "a#b", "0x1F", "J S", "ä-1", "ä-2"]),
    unique=True,
    max_size=6,
)
"""Of the plain texts that a program on the way might change."""

MAIN = (
    "version: 1\ninclude: ['p/*.yaml{0}']\ncohorts: {{c: {{source: c.csv{0}}}, n: {{source: n.ndjson{0}}}}}\n"
)


def files(mrns: Sequence[str], split: int) -> dict[str, str]:
    """The patients of a configuration: some in YAML, some in each cohort."""
    some = {mrn: f"m{number}@example.com" for number, mrn in enumerate(mrns)}
    first, second, third = mrns[:split], mrns[split : split + 2], mrns[split + 2 :]
    yaml = [f"  - {{mrn: '{mrn}', dob: 2000-07-21, email: {some[mrn]}}}\n" for mrn in first]
    return {
        "p/a.yaml": "patients:\n" + "".join(yaml) if yaml else "patients: []\n",
        "c.csv": "mrn,dob,email\n" + "".join(f"{mrn},1999-01-02,{some[mrn]}\n" for mrn in second),
        "n.ndjson": "".join(
            json.dumps({"mrn": mrn, "dob": "1998-01-02", "email": some[mrn]}) + "\n" for mrn in third
        ),
    }


@settings(deadline=None)
@given(mrns=MRNS, split=st.integers(0, 3), live=st.sets(st.integers(0, 5)), armored=st.booleans())
def test_encrypting_every_file_changes_nothing_of_the_plan(
    mrns: list[str], split: int, live: set[int], armored: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain, sealed = (tmp_path_factory.mktemp(name) for name in ("plain", "sealed"))
    for name, text in files(mrns, split).items():
        for folder, file, stored in (
            (plain, name, text.encode()),
            (sealed, f"{name}.age", OURS.sealed(text, armored=armored)),
        ):
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_bytes(stored)
    (plain / "kardia.yaml").write_text(MAIN.format(""))
    (sealed / "kardia.yaml").write_text(MAIN.format(".age"))
    there = [mrn for number, mrn in enumerate(mrns) if number in live]
    shown = shown_plan(load(plain, {}), there, plain)
    assert shown_plan(loaded(sealed), there, sealed) == shown
    assert all(mrn in shown for mrn in mrns)


def shown_plan(found: Configuration, there: Sequence[str], folder: Path) -> str:
    """The plan as text, without the folder and without the ending of encrypted files."""
    people = {
        mrn: LivePatient(id=f"id-{mrn}", mrn=mrn, dob="2000-07-21", email="x@example.com") for mrn in there
    }
    observed = Observed(patients=people, coverage=Coverage.PROVEN, total=len(people), reads=1)
    inputs = replace(inputs_of(found, State(), Instant(1_780_000_000)), observed=observed)
    text = plan_text(make_plan(inputs), View(show_phi=True))
    return text.replace(f"{folder}/", "").replace(".age", "")
