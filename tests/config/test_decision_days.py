"""How far ahead a decision may hold, by a clock that stands still."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kardia_ctl.config.loader import load
from kardia_ctl.instant import Instant
from kardia_ctl.model.errors import ConfigurationError

TEXT = """\
version: 1
patients: [{mrn: P-1, dob: 2000-07-21, email: a@example.com}]
decisions: [{address: patient/P-1, decision: accept, reason: known, until: 2026-09-14}]
"""


@pytest.mark.parametrize(("hour", "is_refused"), [(9, True), (10, False), (23, False)])
def test_ninety_days_count_from_where_the_day_begins_first(
    hour: int, is_refused: bool, tmp_path: Path
) -> None:
    """At 10 o'clock UTC it is the next day there, and the last day that may be written with it."""
    (tmp_path / "kardia.yaml").write_text(TEXT)
    now = Instant(datetime(2026, 6, 15, hour, tzinfo=UTC).timestamp())
    if not is_refused:
        assert load(tmp_path, {}, now).desired.decisions
        return
    with pytest.raises(ConfigurationError, match="Write 2026-09-13 at the latest"):
        load(tmp_path, {}, now)
