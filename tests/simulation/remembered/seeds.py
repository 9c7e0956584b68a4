"""Which seed shows a mutant or a broken rule: where a search begins, and nothing that it may conclude."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("seeds.json")
"""``pytest tests/simulation -k "one_safeguard or judge_sees" --update-golden``, in one process, writes it."""


def seeds_for(name: str, count: int) -> Iterator[int]:
    """Every seed below ``count`` once, the remembered one first. A stale one costs time, and no more."""
    first = _remembered().get(name, 0)
    yield from (seed for seed in (first,) if seed in range(count))
    yield from (seed for seed in range(count) if seed != first)


def remember(name: str, seed: int) -> None:
    """Remember the seed that a search from 0 has found."""
    seeds = dict(sorted({**_remembered(), name: seed}.items()))
    new = FILE.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(seeds, indent=2) + "\n", encoding="utf-8")
    new.replace(FILE)


def _remembered() -> dict[str, int]:
    seeds: dict[str, int] = json.loads(FILE.read_text(encoding="utf-8"))
    return seeds
