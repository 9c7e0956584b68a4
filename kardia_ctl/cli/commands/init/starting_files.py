"""The files that ``kardia-ctl init`` writes, and where."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from kardia_ctl import __version__

_STARTER: Final = """\
# What should exist in the Kardia account. kardia-ctl validate checks it, plan shows what differs.
version: 1

# team: the id of your team; apply then refuses a key that belongs to another
# callback: {url: https://hooks.example.com/kardia}

# Names for your connection templates; codes are issued by name.
# templates:
#   one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403

patients: []
# patients:
#   - mrn: JS-20000721        # your own identifier, byte for byte
#     dob: 2000-07-21
#     email: joe@example.com
#     firstname: Joe
#     lastname: Smith
#     codes: [one-year]
"""

_IGNORED: Final = """\
# Keys and state of kardia-ctl, quarantined rows, codes, results, saved plans, pages: never commit them.
.kardia/
*.rejected.csv
*.rejected.csv.age
.*.kardia-tmp
codes.csv
codes.ndjson
*codes*.csv
*codes*.ndjson
*results*.csv
*results*.ndjson
*.plan
*.tfplan
plan*.json
plan*.ndjson
plan*.md
plan*.html
status*.html
status*.json
recordings*.json
*.sarif
*junit*.xml
*code-quality*.json
kardia-ci/
report*.json
*.pdf
*.patch
/letters/
/merge*.csv
/users*.csv
/ecg*.csv
/problems*.json
*.log
*key*.txt
*.key
kardia-key-*
"""

_RECIPES: Final = Path(__file__).with_name("recipes")
_VERSION: Final = "@VERSION@"
_TOP: Final = "."
"""The directory of a configuration at the top of its repository, as recipes have it."""

_ENTRY: Final = "        entry: kardia-ctl validate\n"


@dataclass(frozen=True, slots=True)
class StartingFile:
    """A file to write.

    Attributes:
        name: Its path from the directory.
        text: Its content.
        otherwise: What to do about one that exists, which is never changed.
    """

    name: PurePosixPath
    text: str
    otherwise: str = ""


def first_files() -> Iterator[StartingFile]:
    """The files of every configuration, but for kardia.yaml itself."""
    patterns = " ".join(line for line in _IGNORED.splitlines() if not line.startswith("#"))
    yield StartingFile(PurePosixPath(".gitignore"), _IGNORED, f"Add to it: {patterns}")


def starter() -> str:
    """The first kardia.yaml."""
    return _STARTER


def recipe(name: str, directory: str = _TOP) -> str:
    """A recipe for this version and a configuration in ``directory``, by its file in ``recipes``."""
    text = (_RECIPES / name).read_text(encoding="utf-8").replace(_VERSION, __version__)
    if directory == _TOP:
        return text
    quoted = json.dumps(directory, ensure_ascii=False)
    text = text.replace(f"KARDIA_DIRECTORY: {_TOP} ", f"KARDIA_DIRECTORY: {quoted} ")
    return text.replace(_ENTRY, f"{_ENTRY}        args: [{quoted}]\n")


def github_files(directory: str) -> Iterator[StartingFile]:
    """The workflows of GitHub Actions."""
    for name in ("review", "apply", "drift"):
        place = PurePosixPath(".github/workflows", f"kardia-{name}.yml")
        yield StartingFile(place, recipe(f"github-{name}.yml", directory), _MOVE)
    yield _linter()


def gitlab_files(directory: str) -> Iterator[StartingFile]:
    """The jobs of GitLab CI, in a file that the pipeline includes."""
    yield StartingFile(PurePosixPath(".gitlab/kardia.yml"), recipe("gitlab.yml", directory), _MOVE)
    include = "Add to it: include: [{local: .gitlab/kardia.yml}], and the stages test and deploy"
    yield StartingFile(PurePosixPath(".gitlab-ci.yml"), recipe("gitlab-ci.yml"), include)
    yield _linter()


def pre_commit_files(directory: str) -> Iterator[StartingFile]:
    """The hook of pre-commit."""
    text = recipe("pre-commit.yaml", directory)
    hook = "Add this to its repos:\n" + text.partition("repos:\n")[2].rstrip()
    yield StartingFile(PurePosixPath(".pre-commit-config.yaml"), text, hook)
    yield _linter()


_MOVE: Final = (
    "Move it away and run init again to see what this version writes. If it is of another configuration in "
    "this repository, give each its own file, with its own name, group and KARDIA_DIRECTORY"
)


def _linter() -> StartingFile:
    """Rules for yamllint that what kardia-ctl writes passes."""
    rules = "Its rules hold; what kardia-ctl writes needs no document-start and no line-length"
    return StartingFile(PurePosixPath(".yamllint"), recipe("yamllint.yaml"), rules)
