"""What an input's runs.yaml may hold: stories, each with an account of its own and commands in order."""

from pathlib import Path

import msgspec
import yaml


class Change(msgspec.Struct, forbid_unknown_fields=True, rename={"before": "from", "after": "to"}):
    """An edit of a file of the copy: the text is there, and is replaced."""

    file: str
    before: str
    after: str


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """One command, and what must come of it.

    Attributes:
        run: The words of the command after kardia-ctl.
        at: The folder that it runs in, relative to the input's.
        env: Variables that are set from this step on.
        copy: Files that are copied first: the new name, and the one that it is a copy of.
        change: Edits of files, after that.
        exit: The exit code.
        says: Texts that stdout or stderr holds.
        never: Texts that neither holds.
        lines: The most lines that both have together.
        requests: How many requests it sends.
        orders: How many connection codes have been ordered in this story afterwards.
        live: The patients of the account afterwards, all of them: by mrn, the attributes to compare. An
            unset one is empty.
    """

    run: list[str]
    at: str = "."
    env: dict[str, str] = {}
    copy: dict[str, str] = {}
    change: list[Change] = []
    exit: int = 0
    says: list[str] = []
    never: list[str] = []
    lines: int | None = None
    requests: int | None = None
    orders: int | None = None
    live: dict[str, dict[str, str]] | None = None


class Story(msgspec.Struct, forbid_unknown_fields=True):
    """Commands against one account.

    Attributes:
        steps: The commands.
        live: The file that lists who is live before; empty for nobody.
        quirks: How the sandbox reads the open points of the documents.
    """

    steps: list[Step]
    live: str = ""
    quirks: dict[str, str | int | float] = {}


def stories(folder: Path) -> list[Story]:
    """The stories of an input.

    Raises:
        msgspec.ValidationError: runs.yaml is not as described.
    """
    # As kardia-ctl reads YAML itself: every scalar is text until a type asks for something else.
    written = yaml.load((folder / "runs.yaml").read_bytes(), yaml.BaseLoader)
    return msgspec.convert(written, list[Story], strict=False)
