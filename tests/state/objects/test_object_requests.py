"""How many requests a command needs, and what comes back of rows."""

import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Note, PatientRecord, Remember
from kardia_ctl.state.objects.row_changes import RowChanges, put_changes
from kardia_ctl.state.objects.stored_forms import Segment, decoded, encoded
from kardia_ctl.state.tables.image import EMPTY, copied_tables, opened
from tests.state.objects.memory_bucket import Line, MemoryBucket


def ran(bucket: MemoryBucket, patients: int) -> Line:
    line = Line(bucket)
    store = line.store(lease=30.0)
    with store.lock("apply"):
        store.commit(
            [Remember(Kind.PATIENT, f"JS-{n}", "", PatientRecord(uuid.uuid4().hex)) for n in range(patients)]
        )
    return line


def test_a_plan_reads_at_most_two_objects_after_a_run_that_ended() -> None:
    for patients in (1, 5000):
        bucket = MemoryBucket()
        ran(bucket, patients)
        line = Line(bucket)
        store = line.store()
        assert store.activity() == ""
        assert len(store.load().patients) == patients
        assert line.traffic.requests == (1 if patients == 1 else 2)


def test_an_apply_adds_a_request_for_each_commit() -> None:
    bucket = MemoryBucket()
    ran(bucket, 1)
    before = Line(bucket)
    with before.store(lease=30.0).lock("apply"):
        pass
    after = Line(bucket)
    store = after.store(lease=30.0)
    with store.lock("apply"):
        for number in range(7):
            store.commit([Note("live_count", str(number))])
    assert after.traffic.requests - before.traffic.requests == 7 + 7
    assert before.traffic.requests == 11


def test_small_runs_share_a_head_and_large_ones_a_snapshot() -> None:
    bucket = MemoryBucket()
    for _ in range(3):
        ran(bucket, 1)
    assert not [name for name in bucket.objects if name.startswith(("log/", "snapshots/"))]
    for _ in range(3):
        ran(bucket, 5000)
        assert len([name for name in bucket.objects if name.startswith("snapshots/")]) == 1
    assert not [name for name in bucket.objects if name.startswith("log/")]


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_VALUE = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), _TEXT, st.binary(max_size=9))
_KEY = st.integers(1, 3)
_RECORD = st.tuples(_KEY, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, st.binary(max_size=9), _KEY, st.integers(0, 1))
_STEP = st.one_of(
    st.tuples(st.just("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"), _RECORD),
    st.tuples(st.just("DELETE FROM record WHERE workspace = ?"), st.tuples(_KEY)),
    st.tuples(st.just("UPDATE record SET id = ? WHERE workspace = ?"), st.tuples(_TEXT, _KEY)),
    st.tuples(st.just("UPDATE OR REPLACE record SET name = ? WHERE workspace = ?"), st.tuples(_TEXT, _KEY)),
    st.tuples(st.just("INSERT OR REPLACE INTO meta VALUES (?, ?)"), st.tuples(_TEXT, _VALUE)),
    st.tuples(
        st.just(
            "INSERT INTO workspace (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET serial = serial + 1"
        ),
        st.tuples(_TEXT),
    ),
)


def content(connection: sqlite3.Connection) -> dict[str, list[Any]]:
    return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in copied_tables()}


@given(batches=st.lists(st.lists(_STEP, max_size=4), max_size=3))
def test_what_a_transaction_changes_is_what_its_segment_changes(
    batches: Sequence[Sequence[tuple[str, tuple[Any, ...]]]],
) -> None:
    with opened(EMPTY) as source, opened(EMPTY) as copy:
        changes = RowChanges(source)
        for batch in batches:
            for sql, values in batch:
                with closing(source.execute(sql, values)):
                    pass
            body = encoded(Segment(run="run", changes=changes.taken()))
            put_changes(copy, decoded(body, Segment, "here").changes)
        assert content(copy) == content(source)
