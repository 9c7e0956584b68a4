"""Whatever stands in the files: a configuration, or a ConfigurationError."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.config.schema.build import build_schema
from kardia_ctl.kinds.patient import SCHEMA
from kardia_ctl.model.errors import ConfigurationError

KEYS = st.sampled_from(
    [*build_schema()["properties"], *SCHEMA["properties"], "url", "name", "source", "columns", "defaults"]
)
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["1", "**", "../x", "${A}", "$", "https://[", "*.csv", "\ud800", "~"]
)
TREES = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXTS, inner, max_size=5),
    max_leaves=12,
)
YAML_MARKS = st.lists(
    st.sampled_from(
        ["version: 1\n", "patients:\n", "  - ", "mrn: a\n", "{", "}", "[", "]", ": ", "&a ", "*a", "!t "]
    )
    | st.sampled_from(
        ["<<: ", "---\n", "...\n", "? ", "|\n", "> ", '"', "'", "\t", "\n", "  ", "#", "%TAG ! x\n", ","]
    ),
    max_size=25,
).map("".join)

quickly = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=["libyaml", "pure Python"])
def check(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bytes, bytes], None]:
    if request.param == "pure Python":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)

    def check(content: bytes, cohort: bytes) -> None:
        (tmp_path / "kardia.yaml").write_bytes(content)
        (tmp_path / "c.csv").write_bytes(cohort)
        with suppress(ConfigurationError):
            load(tmp_path, {"A": "a"})

    return check


@quickly
@given(content=st.binary(max_size=200) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(check: Callable[[bytes, bytes], None], content: bytes) -> None:
    check(content, b"")


@quickly
@given(content=YAML_MARKS)
def test_any_yaml_marks(check: Callable[[bytes, bytes], None], content: str) -> None:
    check(content.encode(), b"")


@quickly
@given(tree=st.dictionaries(KEYS, TREES, max_size=6))
def test_any_tree(check: Callable[[bytes, bytes], None], tree: dict[str, object]) -> None:
    check(yaml.safe_dump({**tree, "version": "1"}).encode("utf-8", "surrogatepass"), b"")


@quickly
@given(
    rows=st.lists(
        st.sampled_from([b"mrn,dob,email\n", b"a,", b"2000-07-21,", b"a@b.c", b'"', b"\n", b"\r", b";"])
        | st.binary(max_size=4)
    )
)
def test_any_csv(check: Callable[[bytes, bytes], None], rows: list[bytes]) -> None:
    check(b"version: 1\ncohorts: {c: {source: c.csv}}\n", b"".join(rows))
    check(b"version: 1\ncohorts: {c: {source: c.csv}}\n", b"mrn,dob,email\n" + b"".join(rows))
