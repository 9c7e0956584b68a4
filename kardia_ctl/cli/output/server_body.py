"""Prints the body of a response as it was received, where nothing can act on it."""

import os
import stat
import sys

from kardia_ctl.cli.environment import is_ci
from kardia_ctl.cli.output.console import print_body, print_bytes, print_message


def print_server_body(body: bytes, kind: str) -> None:
    """Print a body to stdout; ``kind`` is its content type.

    A file gets the bytes. A terminal, a pipe and the log of a CI job get text without what acts on them, and
    JSON with the same values. What is no text goes to a pipe alone.

    Raises:
        OSError: it cannot be printed.
    """
    in_ci = is_ci(os.environ)
    if _is_file() and not in_ci:
        print_bytes(body)
    elif b"\0" not in body and not body.startswith(b"%PDF"):
        text = body.decode("utf-8", "replace")
        print_body(text, is_json=text.lstrip().startswith(("{", "[")))
    elif in_ci or sys.stdout.isatty():
        print_message(f"{len(body)} bytes of {kind or 'unknown type'}: --out FILE writes them to a file.")
    else:
        print_bytes(body)


def _is_file() -> bool:
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False
