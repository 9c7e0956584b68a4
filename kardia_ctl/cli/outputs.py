"""What an output may replace: a file that kardia-ctl wrote as the same kind of output, and no other.

Every option that names an output goes through here. Files are told apart by their inodes, not by their names:
links, other spellings and file systems that ignore case lead to the same file.
"""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kardia_ctl.cli.private_files import Ours, check_writable, passes_on, read_head, resolved
from kardia_ctl.model.errors import RunStopped

_STREAMS: Final = {1: "stdout", 2: "stderr"}


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a command is going to write.

    Attributes:
        option: The option that names it, for messages.
        file: Its name.
        ours: Whether a file with such first bytes may be replaced, or appended to.
    """

    option: str
    file: Path
    ours: Ours


def never(_: bytes) -> bool:
    """For outputs that nothing marks as ours, such as a PDF: no existing file is replaced."""
    return False


def starts_with(*beginnings: str) -> Ours:
    """Whether the file begins with one of some texts."""
    return lambda head: head.startswith(tuple(text.encode() for text in beginnings))


def is_table(columns: Sequence[str]) -> Ours:
    """Whether the file is CSV with these columns, or NDJSON or a JSON array whose first object has them."""

    def ours(head: bytes) -> bool:
        first = head.removeprefix(b"[\n").split(b"\n", 1)[0].rstrip(b"\r,")
        if first.decode("utf-8", "replace") == ",".join(columns):
            return True
        try:
            row = json.loads(first)
        except ValueError:
            return False
        return isinstance(row, dict) and list(row) == list(columns)

    return ours


def check_outputs(
    outputs: Iterable[Output], inputs: Iterable[Path] = (), private: Path | None = None
) -> None:
    """Refuse outputs that would overwrite what is not theirs. Call it before the first request.

    Args:
        outputs: What the command is going to write.
        inputs: What it reads, and what belongs to its state.
        private: The directory of keys and state, where no output belongs.

    Raises:
        RunStopped: an output is an input, another output, in the private directory, or somebody else's file;
            or it cannot be written.
    """
    read, taken = list(inputs), list[Output]()
    for output in outputs:
        check_writable(output.file)
        if any(same_file(output.file, file) for file in read):
            raise RunStopped(
                f"{output.option} {output.file} would overwrite a file that this command reads, or that "
                "belongs to its state. Choose another name"
            )
        if private is not None and private.resolve() in resolved(output.file).parents:
            raise RunStopped(
                f"{output.option} {output.file} is in {private}, which holds keys and state. Choose another "
                "directory"
            )
        if passes_on(output.file):
            continue
        if stream := own_stream(output.file):
            raise RunStopped(
                f"{output.option} {output.file} is the file that {stream} is redirected to: each would "
                "overwrite the other. Choose another name"
            )
        for other in taken:
            if same_file(output.file, other.file):
                raise RunStopped(
                    f"{other.option} and {output.option} name the same file, {output.file}. Give each its own"
                )
        taken.append(output)
        check_ours(output.file, output.ours, output.option)


def check_ours(file: Path, ours: Ours, option: str) -> None:
    """Refuse a file that holds something else than an output of the same kind.

    Raises:
        RunStopped: it does, or it cannot be read.
    """
    if passes_on(file):
        return
    head = read_head(resolved(file))
    if head and not ours(head):
        raise RunStopped(
            f"{option} {file} exists, and kardia-ctl did not write it as such an output: it was not changed. "
            "Remove it or choose another name"
        )


def own_stream(file: Path) -> str:
    """The stream of this process that is redirected to the file; empty for none."""
    with suppress(OSError):
        status = file.stat()
        for descriptor, stream in _STREAMS.items():
            with suppress(OSError):  # it is closed
                if os.path.samestat(os.fstat(descriptor), status):
                    return stream
    return ""


def same_file(one: Path, other: Path) -> bool:
    """Whether two names lead to the same file, or would: the file need not exist."""
    try:
        return os.path.samestat(one.stat(), other.stat())
    except OSError:
        pass
    first, second = resolved(one), resolved(other)
    try:
        together = os.path.samestat(first.parent.stat(), second.parent.stat())
    except OSError:
        return False
    return together and first.name.casefold() == second.name.casefold()
