"""Two runs without a shared state, started together: whoever ends last says who is there twice."""

import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.attacks.processes import ended, site, until

ROWS = 60


def test_whoever_ends_last_says_which_mrns_are_there_twice(tmp_path: Path) -> None:
    slow = {"latency": [0.2, 0.2]}
    with site(tmp_path, count=ROWS, faults=slow) as here:
        elsewhere = replace(here, path=tmp_path / "elsewhere")
        shutil.copytree(here.path, elsewhere.path)
        both = [place.start("apply", "--auto-approve", "--show-phi") for place in (here, elsewhere)]
        until(lambda: here.posts() > 0)
        results = [ended(process) for process in both]
        counts = Counter(patient.mrn for patient in here.account.patients.all())
    twice = {mrn for mrn, count in counts.items() if count > 1}
    said = [set(re.findall(r"S-\d{4}", _findings(out + err))) for _, out, err in results]
    assert twice, "they did not run at the same time"
    assert max(said, key=len) == twice, results
    assert [code for code, _, _ in results].count(1) >= 1
    for (code, *_), named in zip(results, said, strict=True):
        assert code == (1 if named else 0)


def _findings(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "has the same mrn" in line)
