"""Whether a person reads a stream: decides about patients' values, colours and what moves."""

import os
from typing import IO, Any


def is_persons(stream: IO[Any]) -> bool:
    """Whether the stream is a person's own terminal: not a pipe or a file, and not the log of a CI job."""
    return stream.isatty() and "CI" not in os.environ


def can_redraw(stream: IO[Any]) -> bool:
    """Whether what is shown there can change in place: a person's terminal that moves its cursor."""
    return is_persons(stream) and os.environ.get("TERM") != "dumb"
