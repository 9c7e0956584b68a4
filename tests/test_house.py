"""The house: imports run one way, a library has one importer, a kind its case and example."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import kardia_ctl
from kardia_ctl.config import load
from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.kinds import Kind

PACKAGE = Path(kardia_ctl.__file__).parent
ROOT = PACKAGE.parent
CASES = ROOT / "tests" / "cases"

ALLOWED: dict[str, set[str]] = {
    "model": set(),
    "kinds": {"model"},
    "config": {"model", "kinds"},
    "observing": {"model", "kinds"},
    "planning": {"model", "kinds"},
    "api": {"model"},
    "state": {"model"},
    "funnel": {"model", "kinds", "planning"},
    "applying": {"model", "kinds", "observing", "planning"},
    "operations": {"model", "observing", "planning", "funnel", "applying"},
    "render": {"model"},
    "sandbox": set(),
    "cli": {
        "model", "config", "planning", "funnel", "api", "state", "applying", "operations", "render",
        "sandbox",
    },
    "": {"cli"},
}  # fmt: skip
"""Which rooms each room may import. The package's own files ("") start the command line, and no more."""

ROOT_MODULES: dict[str, set[str]] = {
    "__init__": {"api", "state", "cli", "render"},
    "__main__": set(),
    "ci_job": {"cli", "state"},
    "csv_guard": {"cli", "config", "render"},
    "fingerprints": {"applying", "cli", "kinds", "observing", "operations", "planning"},
    "hosts": {"api", "cli", "kinds", "sandbox"},
    "instant": {"applying", "cli", "config", "model", "operations", "planning", "state"},
    "open_file_limit": {"api", "config", "render", "state"},
    "timing": {"api", "applying", "cli", "operations", "state"},
}
"""The modules beside the rooms, and which rooms may import them (of ``__init__``: its version)."""

IMPORTERS = {
    "certifi": {"api/http/trust.py"},
    "click": {"cli"},
    "cryptography": {"state/tables/ciphers.py"},
    "deepdiff": {"planning/diff.py"},
    "email_validator": {"kinds/texts/addresses.py"},
    "httpx": {"api/http/connections.py"},
    "idna": {"hosts.py"},
    "ijson": {"config/cohorts/formats/fhir/bundle.py"},
    "fpdf": {"render/letters"},
    "jinja2": {"render/html_template.py", "render/letters/letter_template.py"},
    "markdown_it": {"render/letters/letter_pdf.py"},
    "markupsafe": {"render/html_template.py", "render/review/html_page.py"},
    "jsonschema": {"config/schema/validator.py", "config/schema/messages.py"},
    "jsonschema_rs": {"config/schema/validator.py"},
    "keyring": {"cli/account/keyring.py"},
    "matplotlib": {"render/records/ecg_strip.py"},
    "msgspec": {
        "model",
        "api",
        "planning/saved/codec.py",
        "planning/saved/saved_rows.py",
        "state/objects/stored_forms.py",
    },
    "obstore": {"state/objects/bucket.py"},
    "openpyxl": {"config/cohorts/formats/workbook.py"},
    "psycopg": {"state/postgres"},
    "pyrage": {"config/encryption/age.py"},
    "rich": {"cli/output/live_region.py"},
    "starlette": {"sandbox", "cli/webhooks/receiver.py"},
    "uvicorn": {"sandbox", "cli/webhooks/receiver.py"},
    "yaml": {"config"},
    "zxcvbn": {"cli/files/passwords.py"},
}
"""Where each library may be imported: a room, a folder of it, or a single file."""

SUBROOMS: dict[str, set[str]] = {
    "api/http": {"api/answer", "api/endpoints", "api/limits"},  # a call names its endpoint, which is counted
    "api/limits": set(),
    "api/scrubbing": set(),
    "api/records": {"api/answer", "api/endpoints", "api/http", "api/schemas", "api/sender"},
    "config/cohorts": {
        "config/context", "config/encodings", "config/encryption", "config/patient_registry",
        "config/schema/messages",
        "config/schema/validator", "config/source_files", "config/template_names", "config/value_checks",
    },
    "config/cohorts/formats": {
        "config/budget", "config/cohorts/cohort", "config/cohorts/columns", "config/context",
        "config/encodings", "config/source_files",
    },
    "config/cohorts/formats/fhir": {
        "config/cohorts/cohort", "config/cohorts/dates", "config/cohorts/formats/blocks",
        "config/cohorts/formats/ndjson", "config/cohorts/formats/table", "config/cohorts/identifier_choice",
        "config/context", "config/source_files",
    },
    "config/editing": {
        "config/cohorts", "config/context", "config/document", "config/encryption", "config/loader",
        "config/sections", "config/source_files", "config/writing/yaml_text", "config/yaml",
    },
    "config/encryption": {"config/source_files"},
    # they state the schema of their own keys
    "config/schema": {"config/cohorts/cohort_schema", "config/encryption/age_header"},
    "config/entries": {"config/context", "config/document", "config/patient_registry", "config/yaml"},
    "config/writing": {"config/source_files", "config/yaml"},  # what is written is read again
    "config/yaml": {"config/budget", "config/source_files"},
    "kinds/texts": set(),
    "model/amounts": set(),
    "model/declared": {"model/address", "model/source"},
    "model/decided": {"model/address", "model/source"},
    "operations/codes": {"operations/plan"},
    "operations/importing": {"operations/apply", "operations/plan", "operations/tenant"},
    "planning/approval": {"planning/certainty", "planning/checks/stops", "planning/inputs"},
    "planning/checks": {"planning/builder", "planning/inputs"},
    "planning/decided": {"planning/builder", "planning/inputs", "planning/settle_window"},
    "planning/declared": set(),
    "planning/live": {
        "planning/builder", "planning/inputs", "planning/planner", "planning/state_index",
    },  # the planner is asked whom it would adopt
    "planning/resources": {
        "planning/builder", "planning/certainty", "planning/decided", "planning/diff", "planning/doubts",
        "planning/inputs", "planning/matching",
    },  # certainty: applying asks the same before it deletes
    "planning/saved": {"planning/inputs"},
    "render/apply": {"render/escape", "render/reasons", "render/text", "render/view"},
    "render/declared": {"render/escape", "render/redaction", "render/text", "render/view"},
    "render/files": {"render/escape", "render/names", "render/text"},
    "render/letters": {"render/files/csv"},
    "render/plan": {
        "render/names",
        "render/apply",
        "render/escape",
        "render/json_pieces",
        "render/reasons",
        "render/redaction",
        "render/text",
        "render/view",
        "render/wrapping",
    },
    "render/review": {
        "render/escape", "render/html_template", "render/names", "render/plan", "render/reasons",
        "render/redaction", "render/text",
    },
    "render/records": {"render/escape", "render/files/csv", "render/redaction", "render/text"},
    "render/reports": {
        "render/escape", "render/names", "render/plan/summary", "render/text",
    },
    "render/status": {"render/escape", "render/html_template", "render/text"},
    "state/postgres": {"state/lock_info", "state/state_store", "state/tables"},
    "state/sqlite": {"state/files", "state/lock_info", "state/tables"},
    "state/objects": {"state/lock_info", "state/state_store", "state/tables"},
    "state/tables": {"state/lock_info"},
    "cli/account": {
        "cli/environment", "cli/naming", "cli/options", "cli/private_files", "cli/traffic_log", "cli/signals",
    },
    "cli/commands": {
        "cli/account", "cli/decisions", "cli/naming", "cli/files", "cli/main", "cli/options", "cli/output",
        "cli/outputs", "cli/private_files", "cli/signals", "cli/webhooks",
    },  # main: the shell's completion script is made of the whole command
    "cli/commands/ci": {
        "cli/account", "cli/commands/apply", "cli/commands/diff", "cli/commands/plan",
        "cli/commands/validate", "cli/environment", "cli/files", "cli/naming", "cli/options", "cli/output",
        "cli/outputs", "cli/private_files",
    },
    "cli/commands/codes": {
        "cli/account", "cli/environment", "cli/files", "cli/letters", "cli/options", "cli/output",
        "cli/outputs", "cli/private_files", "cli/scope_options", "cli/signals",
    },
    "cli/commands/apply": {
        "cli/account", "cli/commands/plan", "cli/decisions", "cli/files", "cli/naming", "cli/open_files",
        "cli/options", "cli/output", "cli/outputs", "cli/private_files", "cli/reviewers", "cli/signals",
    },
    "cli/commands/diff": {
        "cli/account", "cli/naming", "cli/options", "cli/output", "cli/outputs", "cli/private_files",
    },
    "cli/commands/doctor": {
        "cli/account", "cli/environment", "cli/options", "cli/output", "cli/outputs", "cli/private_files",
        "cli/signals",
    },
    "cli/commands/encrypt": {
        "cli/account", "cli/environment", "cli/interrupts", "cli/output", "cli/outputs", "cli/private_files",
    },
    "cli/commands/get": {
        "cli/account", "cli/environment", "cli/naming", "cli/options", "cli/output", "cli/outputs",
        "cli/private_files",
    },
    "cli/commands/init": {"cli/account", "cli/output"},
    "cli/commands/importing": {
        "cli/account", "cli/environment", "cli/commands/state/noted", "cli/files", "cli/options",
        "cli/output", "cli/outputs", "cli/private_files", "cli/signals",
    },
    "cli/commands/state": {
        "cli/account", "cli/naming", "cli/options", "cli/output", "cli/outputs", "cli/private_files",
    },
    "cli/commands/sandbox": {"cli/interrupts", "cli/options", "cli/output", "cli/outputs"},
    "cli/reviewers": set(),
    "cli/files": {
        "cli/account", "cli/environment", "cli/naming", "cli/options", "cli/output", "cli/outputs",
        "cli/private_files",
    },
    "cli/letters": {"cli/options", "cli/private_files"},
    "cli/output": {"cli/environment", "cli/naming", "cli/interrupts"},
    "cli/webhooks": {"cli/account", "cli/interrupts", "cli/output", "cli/private_files"},
    "sandbox/account": {"sandbox/data"},
    "sandbox/control": {
        "sandbox/account", "sandbox/control_client", "sandbox/data", "sandbox/faults", "sandbox/http",
        "sandbox/kardia_api", "sandbox/loopback", "sandbox/quirks",
    },
    "sandbox/data": set(),
    "sandbox/endpoints": {"sandbox/account", "sandbox/data", "sandbox/http", "sandbox/quirks"},
    "sandbox/faults": {"sandbox/http"},
    "sandbox/http": {"sandbox/account", "sandbox/quirks"},
}  # fmt: skip
"""What each folder inside a room may import of its own room: a folder or a file. A room's own files may use
all of it."""

FILES = sorted(PACKAGE.rglob("*.py"))


@dataclass(frozen=True)
class Import:
    """An import somewhere in a file, at its top or inside a function."""

    name: str
    line: int


def imports(tree: ast.Module) -> Iterator[Import]:
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield from (Import(f"{module}.{alias.name}", node.lineno) for alias in node.names)
            case ast.ImportFrom():
                yield Import(".relative", node.lineno)
            case _:
                pass


def wrong_imports(file: str, source: str) -> list[str]:
    """Each import of a file, named by its path in the package, that the house does not allow."""
    return [
        f"{file}:{found.line} imports {found.name}"
        for found in imports(ast.parse(source))
        if not _is_right(_room(file), file, found.name)
    ]


def _room(file: str) -> str:
    return file.partition("/")[0] if "/" in file else ""


def _is_right(room: str, file: str, name: str) -> bool:
    top, _, rest = name.partition(".")
    if top == "kardia_ctl":
        there = rest.partition(".")[0]
        if not (PACKAGE / there).is_dir():
            module = there if (PACKAGE / f"{there}.py").is_file() else "__init__"
            return room in {"", *ROOT_MODULES[module]}
        if there == room:
            return _is_right_inside(file, rest.replace(".", "/"))
        return there in ALLOWED[room]
    if top in sys.stdlib_module_names:
        return True
    return bool({room, file.rpartition("/")[0], file} & IMPORTERS.get(top, set()))


def _is_right_inside(file: str, target: str) -> bool:
    """Whether a file may import a module (or a name in it) of its own room; both are paths in the package."""
    folder = file.rpartition("/")[0]
    if folder not in SUBROOMS:  # a room's own files may use all of it
        return True
    return any(_is_in(target, place) for place in {folder, *SUBROOMS[folder]})


def _is_in(target: str, place: str) -> bool:
    return f"{target}/".startswith(f"{place}/")


def unused_arrows(sources: Mapping[str, str]) -> set[str]:
    """The entries of the three tables that no import uses. ``sources`` are by their paths in the package."""
    allowed = {f"{room} -> {other}" for room, others in ALLOWED.items() for other in others}
    libraries = {f"{name} <- {place}" for name, places in IMPORTERS.items() for place in places}
    inside = {f"{folder} -> {place}" for folder, places in SUBROOMS.items() for place in places}
    return (allowed | libraries | inside) - {
        arrow
        for file, source in sources.items()
        for found in imports(ast.parse(source))
        for arrow in _arrows(file, found.name)
    }


def _arrows(file: str, name: str) -> Iterator[str]:
    """The entries that an import may stand on."""
    top, _, rest = name.partition(".")
    folder, target = file.rpartition("/")[0], rest.replace(".", "/")
    if top != "kardia_ctl":
        yield from (f"{top} <- {place}" for place in (_room(file), folder, file))
        return
    yield f"{_room(file)} -> {target.partition('/')[0]}"
    yield from (f"{folder} -> {place}" for place in SUBROOMS.get(folder, ()) if _is_in(target, place))


def test_each_module_beside_the_rooms_says_who_may_import_it() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == set(ROOT_MODULES)
    assert set().union(*ROOT_MODULES.values()) <= {path.name for path in PACKAGE.iterdir() if path.is_dir()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_run_one_way_and_each_library_has_one_importer(file: Path) -> None:
    assert not wrong_imports(file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("model/plan.py", "from kardia_ctl.kinds import SETTINGS"),
        ("planning/planner.py", "from kardia_ctl.api import session"),
        ("planning/planner.py", "def f():\n    import kardia_ctl.state.sqlite.sqlite_store"),
        ("planning/planner.py", "import deepdiff"),
        ("planning/planner.py", "from kardia_ctl.timing import Clock"),
        ("model/plan.py", "from kardia_ctl import timing"),
        ("sandbox/app.py", "from kardia_ctl import __version__"),
        ("observing/scan.py", "import httpx"),
        ("api/decode.py", "from kardia_ctl.sandbox import Account"),
        ("sandbox/app.py", "from kardia_ctl.model.errors import ApiError"),
        ("sandbox/app.py", "from kardia_ctl import model"),
        ("render/plan/text.py", "from kardia_ctl.planning.planner import make_plan"),
        ("cli/main.py", "import yaml"),
        ("cli/main.py", "import httpx"),
        ("cli/main.py", "import uvicorn"),
        ("kinds/patient.py", "import msgspec"),
        ("kinds/patient.py", "from ..model import plan"),
        ("state/sqlite/sqlite_store.py", "import sqlalchemy"),
        ("state/sqlite/sqlite_store.py", "import psycopg"),
        ("applying/executor.py", "from kardia_ctl.operations.plan import preview"),
        ("api/limits/pacer.py", "from kardia_ctl.api.endpoints import SAFE_READS"),
        ("api/http/body.py", "from kardia_ctl.api.records.record_reader import RecordReader"),
        ("config/yaml/tree.py", "from kardia_ctl.config.cohorts import reader"),
        ("config/cohorts/formats/csv.py", "from kardia_ctl.config.cohorts.reader import read"),
        ("planning/saved/codec.py", "from kardia_ctl.planning.planner import make_plan"),
        ("planning/checks/stops.py", "from kardia_ctl.planning.resources import patients"),
        ("planning/resources/codes.py", "from kardia_ctl.planning.planner import make_plan"),
        ("render/status/text.py", "from kardia_ctl.render.plan.text import plan_text"),
        ("render/files/csv.py", "from kardia_ctl.render.redaction import visible"),
        ("cli/commands/get/patient.py", "from kardia_ctl.cli.commands import plan"),
        ("cli/main.py", "from kardia_ctl.kinds import SETTINGS"),
        ("applying/executor.py", "import kardia_ctl.state.sqlite.sqlite_store"),
        ("timing.py", "from kardia_ctl.model.plan import Plan"),
        ("cli/output/progress.py", "from kardia_ctl.cli.commands.plan import command"),
        ("cli/files/passwords.py", "from kardia_ctl.cli.commands import plan"),
        ("cli/account/keys.py", "import kardia_ctl.cli.commands.plan"),
        ("cli/webhooks/inbox.py", "from kardia_ctl.cli.commands.status import command"),
        ("sandbox/data/values.py", "from kardia_ctl.sandbox.account import account"),
        ("sandbox/account/account.py", "from kardia_ctl.sandbox.http import endpoint"),
        ("sandbox/endpoints/pro.py", "from kardia_ctl.sandbox.app import App"),
    ],
)
def test_an_import_that_runs_the_wrong_way_is_found(file: str, source: str) -> None:
    assert wrong_imports(file, source)


def test_every_room_is_in_the_table() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert {*rooms, ""} == ALLOWED.keys()


def test_every_folder_inside_a_room_is_in_the_table_and_nothing_else_is() -> None:
    folders = {file.parent.relative_to(PACKAGE).as_posix() for file in FILES}
    assert {folder for folder in folders if "/" in folder} == SUBROOMS.keys()


def test_every_entry_of_the_tables_is_used() -> None:
    sources = {file.relative_to(PACKAGE).as_posix(): file.read_text(encoding="utf-8") for file in FILES}
    assert unused_arrows(sources) == set()


def test_an_entry_that_no_import_uses_is_found() -> None:
    sources = {
        "state/sqlite/sqlite_store.py": "from kardia_ctl.model.state import Record",
        "config/yaml/parser.py": "def f():\n    import yaml",
        "render/status/text.py": "from kardia_ctl.render import escape",
        "cli/main.py": "from kardia_ctl.cli.output import console",
    }
    unused = unused_arrows(sources)
    assert unused & {"state -> model", "yaml <- config", "render/status -> render/escape"} == set()
    assert unused >= {"api -> model", "rich <- cli/output/live_region.py", "render/status -> render/text"}
    assert "cli/files -> cli/output" in unused


def test_only_the_command_line_prints_prompts_and_exits() -> None:
    for file in FILES:
        if PACKAGE / "cli" in file.parents:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"print", "input", "exit", "quit"}, file


def test_planning_reads_no_clock_and_no_environment() -> None:
    for room in ("model", "planning"):
        for file in (PACKAGE / room).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            named = {found.name.partition(".")[0] for found in imports(tree)}
            assert not named & {"os", "time", "logging", "random", "secrets", "socket", "asyncio"}, file


@pytest.mark.parametrize("kind", [*SETTINGS, Kind.PATIENT, Kind.CONNECTION_CODE], ids=str)
def test_every_kind_has_a_case_that_plans_it(kind: Kind) -> None:
    plans = [path.read_text(encoding="utf-8") for path in CASES.glob("*/plan.txt")]
    assert any(f"  # {kind.value}" in plan and "will be created" in plan for plan in plans)


def test_every_kind_has_an_example() -> None:
    shown: set[Kind] = set()
    for path in sorted((ROOT / "examples").glob("*/kardia.yaml")):
        desired = load(path, {}).desired
        shown |= {resource.address.kind for resource in desired.settings}
        shown |= {Kind.PATIENT} if desired.patients else set()
        shown |= {Kind.CONNECTION_CODE for one in desired.patients.values() if one.codes}
    assert shown >= {*SETTINGS, Kind.PATIENT, Kind.CONNECTION_CODE}


def test_every_case_says_its_rule_and_has_its_goldens() -> None:
    for folder in sorted(path for path in CASES.iterdir() if path.is_dir() and path.name != "__pycache__"):
        assert (folder / "kardia.yaml").read_text(encoding="utf-8").startswith("# "), folder.name
        names = {path.name for path in folder.iterdir()}
        assert {"kardia.yaml", "observed.json", "plan.txt"} <= names, folder.name
        assert names <= {
            "kardia.yaml",
            "c.csv",
            "observed.json",
            "state.json",
            "options.json",
            "plan.txt",
            "plan.json",
            "rows.csv",
        }


def test_every_command_reads_the_configuration_with_the_identities_of_encrypted_files() -> None:
    allowed = PACKAGE / "cli" / "account" / "read_configuration.py"
    for file in (PACKAGE / "cli").rglob("*.py"):
        named = {found.name for found in imports(ast.parse(file.read_text(encoding="utf-8")))}
        whole = {"kardia_ctl.config.load", "kardia_ctl.config.loader.load"}
        assert file == allowed or not named & whole, file
