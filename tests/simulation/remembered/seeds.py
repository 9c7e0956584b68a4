"""Which seed shows a mutant or a broken rule: where a search begins, and nothing that it may conclude."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("seeds.json")
"""Written in one process: ``pytest tests/simulation -k "safeguard or judge or every" --update-golden``."""


def seeds_for(name: str, count: int) -> Iterator[int]:
    """Every seed below ``count`` once, the remembered one first. A stale one costs time, and no more."""
    first = _remembered().get(name, 0)
    yield from (seed for seed in (first,) if seed in range(count))
    yield from (seed for seed in range(count) if seed != first)


def unseen(
    sights: Mapping[str, str], count: int, trace_of: Callable[[int], Iterable[str]], *, anew: bool = False
) -> list[str]:
    """The sights that no story of a seed below ``count`` shows: names, with a text of the trace for each.

    Each is looked for first where it was seen before; ``anew`` looks from 0 on and remembers.
    """
    missing = dict(sights)
    known = {} if anew else _remembered()
    seen_in = dict.fromkeys(known.get(f"sight: {what}", count) for what in sights)
    for seed in chain(seen_in, range(count)):
        if not missing:
            break
        if seed < count:
            trace = "\n".join(trace_of(seed))
            for what in [what for what, text in missing.items() if text in trace]:
                del missing[what]
                if anew:
                    remember(f"sight: {what}", seed)
    return list(missing)


def remember(name: str, seed: int) -> None:
    """Remember the seed that a search from 0 has found."""
    seeds = dict(sorted({**_remembered(), name: seed}.items()))
    new = FILE.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(seeds, indent=2) + "\n", encoding="utf-8")
    new.replace(FILE)


def _remembered() -> dict[str, int]:
    seeds: dict[str, int] = json.loads(FILE.read_text(encoding="utf-8"))
    return seeds
