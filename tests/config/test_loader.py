"""What cannot be a case file: bytes, links, sizes, digests, and the configuration as values."""

import gc
import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.config.schema.build import EDITOR_PATTERNS, editors_schema
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import fault
from kardia_ctl.model.configuration import Configuration, DepartureAction, Dialect, Region, ScanPolicy, Waves
from kardia_ctl.model.errors import ConfigurationError
from tests.paths import EXAMPLES, SCHEMAS

PATIENT = "{mrn: P-1, dob: 2000-07-21, email: a@example.com"


@pytest.fixture(params=["libyaml", "pure Python"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure Python":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


def write(root: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def problems(root: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(root, environ or {})
    return [str(problem).removeprefix(f"{root}/") for problem in caught.value.problems]


def loaded(root: Path, text: str | bytes, environ: Mapping[str, str] | None = None) -> Configuration:
    return load(write(root, kardia_yaml=text), environ or {})


@pytest.mark.parametrize("example", ["clinic", "cohort", "minimal"])
def test_the_examples_are_right(example: str) -> None:
    assert not load(EXAMPLES / example, {}).warnings


def test_every_format_of_the_examples_is_read() -> None:
    found = load(EXAMPLES / "formats", {})
    patients = found.desired.patients.values()
    assert [(one.cohort, one.mrn, one.dob, one.sex) for one in patients] == [
        ("laboratory", "00417", "1949-02-11", "2"),
        ("laboratory", "00418", "1952-09-27", "2"),
        ("app", "u-9f31", "1988-12-03", "2"),
        ("app", "u-9f32", "1991-04-30", ""),
        ("ward", "000731", "1937-08-19", "1"),
        ("ward", "000732", "1944-01-02", "2"),
        ("hospital", "H-0012", "1961-06-30", "2"),
        ("hospital", "H-0013", "1958-03-14", "0"),
        ("outpatients", "H-0101", "1979-10-08", "1"),
    ]
    (warning,) = found.warnings
    assert warning.endswith("outpatients.ndjson: deceased patients left out: 1")


def test_the_clinic_declares_what_the_documents_show() -> None:
    found = load(EXAMPLES / "clinic", {}).desired
    assert found.team == "Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah"
    assert [str(resource.address) for resource in found.settings] == [
        "callback",
        "qt_callback",
        "service_provider/8sP3SiaFigYoGRKoc4kaf692hmwi",
    ]
    assert found.templates["one-year"].id == "4qq0q0tSkSKziiUcyjOYbpi9whdo7403"
    assert [patient.codes for patient in found.patients.values()] == [("one-year",), ("one-year",), ()]


def test_only_a_version_is_needed(tmp_path: Path) -> None:
    found = loaded(tmp_path, "version: 1\n")
    assert (found.dialect, found.region, found.scan) == (Dialect.V1, Region.US, ScanPolicy.COUNT)
    assert (found.settle, found.state, found.workspace) == (120.0, "sqlite:///.kardia/state.db", "default")
    assert found.desired.limits.delete == 10
    assert found.root == tmp_path


def test_every_setting_is_read(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        """
version: 1
api: {dialect: v1, region: eu}
team: T
limits: {create: 0, update: 1, disconnect: 2, delete: 3, cost: 10.50}
settle: 2m
scan: agree-twice
callback_hosts: [hooks.example.com]
callback: {url: https://hooks.example.com/k}
state: s3://bucket/state
workspace: north
departures: [{mrn: P-1, action: disconnect, reason: moved, id: abc}]
templates: {a: {name: One Year}}
""",
    )
    limits, (departure,) = found.desired.limits, found.desired.departures
    assert (found.dialect, found.region, found.scan) == (Dialect.V1, Region.EU, ScanPolicy.AGREE_TWICE)
    assert (limits.create, limits.update, limits.disconnect, limits.delete) == (0, 1, 2, 3)
    assert limits.cost == Decimal("10.50")
    assert (found.settle, found.state, found.workspace) == (120.0, "s3://bucket/state", "north")
    assert (departure.mrn, departure.action, departure.id) == ("P-1", DepartureAction.DISCONNECT, "abc")
    assert (found.desired.templates["a"].id, found.desired.templates["a"].name) == ("", "One Year")


@pytest.mark.parametrize(("written", "seconds"), [("90", 90), ("120s", 120), ("3m", 180)])
def test_settle_is_in_seconds_or_minutes(tmp_path: Path, written: str, seconds: float) -> None:
    assert loaded(tmp_path, f"version: 1\nsettle: {written}\n").settle == seconds


def test_a_missing_kardia_yaml_is_told_with_a_remedy(tmp_path: Path) -> None:
    (told,) = problems(tmp_path)
    assert told.endswith("no kardia.yaml in this directory. Create one with kardia-ctl init")
    (told,) = problems(write(tmp_path, kardia_yml="version: 1"))
    assert told.endswith("Rename kardia.yml to kardia.yaml")


def test_sources_are_named_as_the_user_named_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, site__kardia_yaml=f"version: 1\npatients:\n  - {PATIENT}}}\n")
    monkeypatch.chdir(tmp_path)
    assert load(Path("site"), {}).desired.patients["P-1"].file == "site/kardia.yaml"
    assert load(Path("site/kardia.yaml"), {}).desired.patients["P-1"].file == "site/kardia.yaml"
    monkeypatch.chdir(tmp_path / "site")
    assert load(Path(), {}).desired.patients["P-1"].file == "kardia.yaml"


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    "change", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")]
)
def test_bom_and_crlf_change_nothing(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    yaml_text = f"version: 1\ncohorts: {{c: {{source: c.csv}}}}\npatients:\n  - {PATIENT}}}\n".encode()
    csv_text = b'mrn,dob,email\n0007,1999-01-01,"b@example.com"\n'
    plain = load(write(tmp_path / "plain", kardia_yaml=yaml_text, c_csv=csv_text), {})
    other = load(write(tmp_path / "other", kardia_yaml=change(yaml_text), c_csv=change(csv_text)), {})
    assert [(p.mrn, p.email, p.line) for p in plain.desired.patients.values()] == [
        (p.mrn, p.email, p.line) for p in other.desired.patients.values()
    ]


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "kardia.yaml:1:1: the file is empty. Declare at least version: 1"),
        (b"# soon\n", "kardia.yaml:1:1: the file is empty. Declare at least version: 1"),
        (
            b"version: 1\nteam: J\xf6rg\n",
            "kardia.yaml:2:8: byte 0xf6 is not valid UTF-8. Save the file as UTF-8",
        ),
        ("version: 1\n".encode("utf-16"), "kardia.yaml:1:1: the file is UTF-16. Save it as UTF-8"),
        (b"version: 1\nteam: a\0b\n", "kardia.yaml:2:8: the control character U+0000 is not allowed"),
        (
            "version: 1\nteam: ö\u2028\n".encode(),
            "kardia.yaml:2:8: the control character U+2028 LINE SEPARATOR is",
        ),
        (
            b"version: 1\nteam:\n\tx: y\n",
            "kardia.yaml:3:1: the indentation contains a tab. Indent with spaces",
        ),
        (b"[" * 20_000, "kardia.yaml:1:21: lists and mappings are nested deeper than 20"),
        (b"- " * 20_000, "kardia.yaml:1:41: lists and mappings are nested deeper than 20"),
        (b"version: 1\nteam: *a\n", "kardia.yaml:2:7: an alias (*) is not allowed"),
        (b"version: 1\n*a : x\n", "kardia.yaml:2:1: an alias (*) is not allowed"),
    ],
)
def test_bytes_that_are_no_configuration(tmp_path: Path, content: bytes, told: str) -> None:
    (only,) = problems(write(tmp_path, kardia_yaml=content))
    assert only.startswith(told)


def test_an_alias_bomb_is_one_problem(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    (only,) = problems(write(tmp_path, kardia_yaml="\n".join(lines)))
    assert only.startswith("kardia.yaml:1:5: an anchor (&) is not allowed")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"version: 1\nteam: " + b"x" * 50_000_000, "kardia.yaml:2:1: the line is longer than 65,535 bytes"),
        (
            b"version: 1\nteam: |\n" + b"  0123456789\n" * 4_000_000,
            "kardia.yaml:2:7: a value is longer than 65,536",
        ),
        (b"#\n" * (33 << 20), "kardia.yaml:1:1: the file is larger than 64 MiB. Split it into several files"),
    ],
    ids=["line", "scalar", "file"],
)
def test_what_is_too_large_is_one_problem(tmp_path: Path, content: bytes, told: str) -> None:
    (only,) = problems(write(tmp_path, kardia_yaml=content))
    assert only.startswith(told)


def test_the_longest_line_is_still_read(tmp_path: Path) -> None:
    text = "version: 1\n#" + "x" * 65_534
    assert loaded(tmp_path, text + "\nteam: T\n").desired.team == "T"
    (only,) = problems(write(tmp_path, kardia_yaml=text + "x\nteam: T\n"))
    assert only.startswith("kardia.yaml:2:1: the line is longer")


@pytest.mark.parametrize(
    "key", ["include: [out.yaml]", "cohorts: {c: {source: out.yaml}}", "include: ['o*']"]
)
def test_a_link_that_leaves_the_directory_is_refused(tmp_path: Path, key: str) -> None:
    outside = write(tmp_path, outside__secret_yaml="patients: []")
    root = write(tmp_path / "in", kardia_yaml=f"version: 1\n{key}\n")
    (root / "out.yaml").symlink_to(outside / "outside" / "secret.yaml")
    (only,) = problems(root)
    assert "the path leaves the configuration's directory through a symbolic link" in only


def test_a_link_inside_the_directory_is_the_same_file(tmp_path: Path) -> None:
    root = write(tmp_path, kardia_yaml="version: 1\ninclude: ['*.yaml.d/*']\n", a_yaml_d__x="patients: []")
    (root / "a.yaml.d" / "y").symlink_to("x")
    (only,) = problems(root)
    assert "a.yaml.d/y is already used at" in only


def test_a_loop_of_links_is_a_problem(tmp_path: Path) -> None:
    root = write(tmp_path, kardia_yaml="version: 1\ncohorts: {c: {source: loop}}\n")
    (root / "loop").symlink_to("loop")
    assert len(problems(root)) == 1


def test_environment_values_stand_in_urls_and_ids_only(tmp_path: Path) -> None:
    text = f"""
version: 1
team: ${{T}}
callback: {{url: "https://${{HOST}}/k$$x"}}
service_providers: ["${{T}}"]
templates: {{a: "${{T}}", b: {{name: "${{T}}"}}}}
state: postgresql://kardia:${{PASSWORD}}@db.example.com/kardia
patients:
  - {PATIENT}, firstname: "${{T}}", id: "p-${{T}}"}}
"""
    environ = {"T": "team-1", "HOST": "hooks.example.com", "PASSWORD": "s3cret", "UNUSED": "x"}
    found = loaded(tmp_path, text, environ)
    patient = found.desired.patients["P-1"]
    assert found.desired.team == "team-1"
    assert found.desired.settings[0].attributes == {"url": "https://hooks.example.com/k$x"}
    assert str(found.desired.settings[1].address) == "service_provider/team-1"
    assert (found.desired.templates["a"].id, found.desired.templates["b"].name) == ("team-1", "${T}")
    assert found.state == "postgresql://kardia:s3cret@db.example.com/kardia"
    assert (patient.firstname, patient.id) == ("${T}", "p-team-1")


def test_the_digest_covers_content_names_and_environment(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "kardia_yaml": "version: 1\nteam: '${T}'\ninclude: ['p/*']\ncohorts: {c: {source: c.csv}}\n",
        "p__a": "patients: []",
        "p__b": "patients: [ ]",
        "c_csv": "mrn,dob,email\n",
    }
    environ = {"T": "1"}

    def digest(name: str, environ: Mapping[str, str] = environ, **changes: str) -> str:
        return load(write(tmp_path / name, **{**files, **changes}), environ).digest

    first = digest("first")
    assert first == digest("elsewhere") == digest("unused", {"T": "1", "U": "2"})
    others = [
        digest("environment", {"T": "2"}),
        digest("content", c_csv="mrn,dob,email\n\n"),
        digest("swapped", p__a=files["p__b"], p__b=files["p__a"]),
        digest("more", p__c="patients: []"),
    ]
    assert len({first, *others}) == 5


def test_the_digest_covers_the_names_of_files(tmp_path: Path) -> None:
    text = "version: 1\ninclude: ['p/*']\n"
    one = load(write(tmp_path / "one", kardia_yaml=text, p__a="patients: []"), {})
    two = load(write(tmp_path / "two", kardia_yaml=text, p__b="patients: []"), {})
    assert one.digest != two.digest


def test_places_are_right_behind_a_repeated_key(tmp_path: Path) -> None:
    text = "version: 1\nteam: {x: [1, 2]}\nteam: {y: [3, {z: 4}]}\nscan: never\n"
    told = problems(write(tmp_path, kardia_yaml=text))
    assert [line.split(" ")[0] for line in told] == [
        "kardia.yaml:2:7:",
        "kardia.yaml:3:1:",
        "kardia.yaml:4:7:",
    ]


@pytest.mark.parametrize("line", ["  - k", "  - {mrn: P-", "k"])
def test_many_problems_in_one_place_are_told_without_searching_anew(tmp_path: Path, line: str) -> None:
    """Quadratic search would take minutes here; the count is what is asserted."""
    close = "}" if "{" in line else ""
    start = "patients:\n" if line.startswith(" ") else ""
    end = ": x" if line == "k" else ""
    many = "".join(f"{line}{n}{close}{end}\n" for n in range(20_000))
    assert len(problems(write(tmp_path, kardia_yaml=f"version: 1\n{start}{many}"))) >= 20_000


def test_the_order_of_files_changes_nothing_but_sources(tmp_path: Path) -> None:
    north = "patients: [{mrn: A, dob: 2000-07-21, email: a@example.com}]"
    south = "patients: [{mrn: B, dob: 2000-07-21, email: b@example.com}]"
    one = write(tmp_path / "1", kardia_yaml="version: 1\ninclude: [n, s]", n=north, s=south)
    two = write(tmp_path / "2", kardia_yaml="version: 1\ninclude: [n, s]", n=south, s=north)
    assert _without_sources(load(one, {})) == _without_sources(load(two, {}))


def _without_sources(found: Configuration) -> dict[str, tuple[str, str]]:
    return {mrn: (patient.dob, patient.email) for mrn, patient in found.desired.patients.items()}


def test_all_problems_of_a_bad_cohort_are_told(tmp_path: Path) -> None:
    rows = "".join(f"P-{n},2000-02-30,a@example.com\n" for n in range(3000))
    root = write(
        tmp_path, kardia_yaml="version: 1\ncohorts: {c: {source: c.csv}}", c_csv="mrn,dob,email\n" + rows
    )
    told = problems(root)
    assert len(told) == 3000
    assert told[-1].startswith("c.csv:3001:8: patient/P-2999: dob is not a valid YYYY-MM-DD date")


def test_problems_hold_no_values(tmp_path: Path) -> None:
    text = """
version: 1
callback: {url: "https://joe:hunter2@hooks.example.com"}
state: postgresql://joe:hunter2@db.example.com/kardia
Fernquist, Ottoline: x
patients:
  - {mrn: P-1, dob: 1958-03-1, email: ottoline, firstname: [Ottoline], sex: Fernquist, codes: [Fernquist]}
  - {mrn: P-2, dob: 1958-03-14, email: ottoline@example.com, "Ottoline Fernquist": 1, id: "${UNSET}"}
cohorts: {c: {source: c.csv}}
"""
    rows = "ottoline@example.com,Ottoline,1958-03-14\nOttoline,Fernquist\n"
    told = "\n".join(problems(write(tmp_path, kardia_yaml=text, c_csv=rows)))
    for value in ("1958", "ttoline", "Fernquist", "hunter2", "joe:"):
        assert value not in told


def test_the_collector_runs_again_after_a_problem(tmp_path: Path) -> None:
    problems(write(tmp_path, kardia_yaml="version: 2"))
    assert gc.isenabled()


def test_the_schema_in_schemas_is_the_one_of_the_code() -> None:
    checked_in = json.loads((SCHEMAS / "kardia.schema.json").read_text(encoding="utf-8"))
    assert checked_in == editors_schema()


def test_the_schema_is_draft_07_and_describes_every_key() -> None:
    from jsonschema import Draft7Validator

    schema = editors_schema()
    Draft7Validator.check_schema(schema)
    assert all("description" in value for value in _properties(schema))


def _properties(schema: Any) -> Iterator[Any]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {}).values()
        for key, value in schema.items():
            if key not in ("if", "then", "else"):  # conditions repeat what is described elsewhere
                yield from _properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _properties(value)


def test_editors_accept_the_examples_with_the_types_that_they_see() -> None:
    from jsonschema import Draft7Validator

    for example in ("clinic", "cohort", "formats", "minimal"):
        text = (EXAMPLES / example / "kardia.yaml").read_text(encoding="utf-8")
        assert text.startswith("# yaml-language-server: $schema=../../schemas/kardia.schema.json\n")
        seen = yaml.load(text, Loader=yaml.BaseLoader) | {"version": 1}
        assert not list(Draft7Validator(editors_schema()).iter_errors(seen))


@given(st.text(max_size=8) | st.sampled_from(["#N/A", "'1", "=A", " a", "a ", "#REF!", "'t Hooft", "a#REF!"]))
def test_editors_refuse_no_text_that_is_right(text: str) -> None:
    for form, pattern in EDITOR_PATTERNS.items():
        assert re.search(pattern, text) or fault(TextFormat(form), text)
    assert not re.search(EDITOR_PATTERNS[TextFormat.IDENTIFIER], "=A1")


@pytest.mark.parametrize(
    ("written", "waves"),
    [
        ("", None),
        ("waves: {}", Waves(500, 5)),
        ("waves: {size: 20}", Waves(20, 5)),
        ("waves: {size: 20, stop_on_failures: 1}", Waves(20, 1)),
    ],
)
def test_bulk_goes_in_waves_when_they_are_declared(tmp_path: Path, written: str, waves: Waves | None) -> None:
    assert loaded(tmp_path, f"version: 1\n{written}\n").waves == waves
