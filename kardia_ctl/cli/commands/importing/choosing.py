"""Asks on a person's own terminal which live values to take into the files."""

import sys
from collections.abc import Callable, Sequence
from typing import Final

from kardia_ctl.cli.environment import is_own_terminal
from kardia_ctl.cli.output.console import print_message, print_notice
from kardia_ctl.cli.output.terminal import read_answer
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.operations.importing.accept_drift import Difference
from kardia_ctl.render.escape import escape
from kardia_ctl.render.text import count_of

_SHOWN: Final = 5
_PROMPT: Final = "  Take the live value into the file? [y]es, [n]o, [a]ll that follow too, [q]uit: "
_WORDS: Final = {
    "y": "yes",
    "yes": "yes",
    "n": "no",
    "no": "no",
    "a": "all",
    "all": "all",
    "q": "quit",
    "quit": "quit",
}


def choose(found: Sequence[Difference], named: Callable[[Address], str]) -> list[Difference]:
    """What a person accepts of what drifted. To quit keeps what was accepted before.

    Raises:
        RunStopped: something drifted, and there is no terminal to ask on.
        Interrupted: a signal came, or the input ended: nothing counts as accepted.
    """
    drifted = [one for one in found if one.is_drift]
    if others := [one.address for one in found if not (one.is_drift or one.is_accepted)]:
        print_message(
            f"Not asked about, as live is not known to have changed there: {_some(others, named)}. To take "
            "a live value there, name it with --accept ADDRESS"
        )
    if not drifted:
        print_message("No drift.")
        return []
    if not (sys.stdin.isatty() and is_own_terminal(sys.stderr)):
        raise RunStopped(
            f"there is no terminal to ask on. Name what to take: --accept ADDRESS, once for each. "
            f"{count_of(len(drifted), 'resource')} drifted: {_some([one.address for one in drifted], named)}"
        )
    return _asked(drifted)


def _asked(drifted: Sequence[Difference]) -> list[Difference]:
    accepted = list[Difference]()
    for place, one in enumerate(drifted):
        print_notice(_shown(one))
        answer = ""
        while not answer:
            answer = _WORDS.get(read_answer(_PROMPT).strip().lower(), "")
        match answer:
            case "yes":
                accepted.append(one)
            case "all":
                return [*accepted, *drifted[place:]]
            case "quit":
                return accepted
    return accepted


def _shown(one: Difference) -> str:
    """An address with its values, as the plan shows them on a person's own terminal."""
    lines = [f"\n{one.address}  {one.source or ''}".rstrip()]
    for name, value in one.live.items():
        lines.append(f"  ~ {name} = {_quoted(one.declared.get(name))} -> {_quoted(value)}")
    return "\n".join((*lines, ""))


def _quoted(value: str | None) -> str:
    return "(not set)" if value is None else '"' + escape(value).replace('"', '\\"') + '"'


def _some(addresses: Sequence[Address], named: Callable[[Address], str]) -> str:
    return ", ".join(map(named, addresses[:_SHOWN])) + (", …" if len(addresses) > _SHOWN else "")
