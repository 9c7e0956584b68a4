"""Removes a safeguard of the program for one test, so that an attack that it holds off is seen to succeed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def removed(target: Any, name: str, replacement: object) -> Iterator[None]:
    """Replace one function, method or constant of the program while the block runs."""
    with patch.object(target, name, replacement):
        yield
