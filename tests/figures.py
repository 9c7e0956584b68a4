"""The structural figures of the repository: ``python -m tests.figures``, or ``make figures``.

``Figures`` measures a package; test_house.py holds the limits to it.
"""

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from tests.paths import ROOT

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

SHARED_FILE_NAMES: Final = {
    *("text", "json", "html", "csv"),
    *("plan", "patient", "patients", "pro", "status", "state", "schema", "codes"),
}
"""Names that several files may have: a format's, or that of a thing which several rooms are about."""


@dataclass(frozen=True)
class Module:
    """A Python file: its path below the package, its number of lines and its syntax tree."""

    path: Path
    lines: int
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its dotted name below the package."""
        return ".".join(self.path.with_suffix("").parts)

    @property
    def is_init(self) -> bool:
        """Whether it is a folder's own file."""
        return self.path.name == "__init__.py"

    def functions(self) -> Iterator[Function]:
        """Every function in it, methods and inner ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


class Figures:
    """What a package of Python files looks like from a distance."""

    def __init__(self, package: Path) -> None:
        self.name: Final = package.name
        self.modules: Final = [_module(package, path) for path in sorted(package.rglob("*.py"))]

    @property
    def imports(self) -> Mapping[str, frozenset[str]]:
        """The modules of the package that each module imports, at its top or inside a function."""
        names = {f"{self.name}.{module.name}": module.name for module in self.modules}
        imported = {module.name: set(_imported(module.tree)) & names.keys() for module in self.modules}
        return {name: frozenset(names[one] for one in others) - {name} for name, others in imported.items()}

    def lines(self, *, sandbox: bool) -> int:
        """The lines of all files in the sandbox, or outside it."""
        return sum(one.lines for one in self.modules if (one.path.parts[0] == "sandbox") is sandbox)

    def long(self, limit: int = 250) -> list[str]:
        """The files that are longer than ``limit``."""
        return [str(module.path) for module in self.modules if module.lines > limit]

    def short(self, limit: int = 40, *, inits: bool = False) -> list[str]:
        """The files that are shorter than ``limit``; with ``inits`` also ``__init__``."""
        return [str(one.path) for one in self.modules if one.lines < limit and (inits or not one.is_init)]

    def imported_once(self) -> list[str]:
        """The modules that exactly one other module imports."""
        importers: defaultdict[str, set[str]] = defaultdict(set)
        for name, others in self.imports.items():
            for other in others:
                importers[other].add(name)
        inits = {module.name for module in self.modules if module.is_init}
        return sorted(name for name, those in importers.items() if len(those) == 1 and name not in inits)

    def repeated_classes(self) -> list[str]:
        """The class names that several classes have."""
        return _repeated(
            node.name
            for module in self.modules
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ClassDef)
        )

    def repeated_files(self) -> list[str]:
        """The file names that several files have, but for ``SHARED_FILE_NAMES``."""
        stems = (module.path.stem for module in self.modules if not module.is_init)
        return [stem for stem in _repeated(stems) if stem not in SHARED_FILE_NAMES]

    def folders(self) -> Counter[str]:
        """How many files each folder holds."""
        return Counter(str(module.path.parent) for module in self.modules)

    def function_lengths(self) -> list[int]:
        """The lines of every function, sorted."""
        every = (node for module in self.modules for node in module.functions())
        return sorted((node.end_lineno or 0) - node.lineno + 1 for node in every)

    def documented(self) -> float:
        """The percentage of public modules, classes and functions that have a docstring."""
        every = (node for module in self.modules for node in (module.tree, *_public(module.tree)))
        return _percentage(ast.get_docstring(node) is not None for node in every)

    def typed(self) -> float:
        """The percentage of functions whose parameters and result are all annotated."""
        return _percentage(_is_typed(node) for module in self.modules for node in module.functions())

    def circles(self) -> list[str]:
        """The modules that are in a circle of imports or depend on one; empty when there is none."""
        left = {name: set(others) for name, others in self.imports.items()}
        while free := {name for name, others in left.items() if not others & left.keys()}:
            left = {name: others for name, others in left.items() if name not in free}
        return sorted(left)


def _module(package: Path, path: Path) -> Module:
    source = path.read_text(encoding="utf-8")
    return Module(path.relative_to(package), len(source.splitlines()), ast.parse(source))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)
            case _:
                pass


def _public(node: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | Function]:
    for child in node.body:
        if isinstance(child, ast.ClassDef | Function) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


def _is_typed(node: Function) -> bool:
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    own = [argument for argument in arguments if argument.arg not in ("self", "cls")]
    return node.returns is not None and all(argument.annotation for argument in own)


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _percentage(facts: Iterable[bool]) -> float:
    every = list(facts)
    return 100 * sum(every) / len(every)


def files_of_each_folder(root: Path) -> Counter[str]:
    """How many files each folder below ``root`` holds, whatever they are; not what Python compiled."""
    files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return Counter(file.parent.as_posix() for file in files if file.parent.name != "__pycache__")


def table(root: Path) -> Iterator[tuple[str, str]]:
    """Each figure's name and value."""
    figures = Figures(root / "kardia_ctl")
    lengths, (folder, largest) = figures.function_lengths(), figures.folders().most_common(1)[0]
    goldens = (root / "tests" / "cases").glob("*/plan.json")
    yield (
        "product lines, without sandbox / sandbox",
        (f"{figures.lines(sandbox=False):,} / {figures.lines(sandbox=True):,}"),
    )
    yield (
        "files over 250 lines / under 40 (with __init__)",
        (f"{len(figures.long())} / {len(figures.short())} ({len(figures.short(inits=True))})"),
    )
    yield "modules with exactly one importer", f"{len(figures.imported_once())} of {len(figures.modules)}"
    yield "class names used more than once", str(len(figures.repeated_classes()))
    yield "file names used more than once", str(len(figures.repeated_files()))
    yield "largest folder", f"{largest} ({folder})"
    yield "function median / p90", f"{lengths[len(lengths) // 2]} / {lengths[len(lengths) * 9 // 10]}"
    yield "public names with docstring; typed", f"{figures.documented():.1f} %; {figures.typed():.1f} %"
    yield "golden plan JSON lines", f"{sum(len(path.read_bytes().splitlines()) for path in goldens):,}"


def tests_collected(root: Path) -> str:
    """How many tests pytest collects."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0"]
    lines = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout.splitlines()
    return str(sum("::" in line for line in lines))


if __name__ == "__main__":
    for name, value in (*table(ROOT), ("tests collected", tests_collected(ROOT))):
        print(f"{name:50} {value}")  # noqa: T201  (a script's output)
