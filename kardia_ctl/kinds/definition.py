"""The definition of a top-level kind."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Setting
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change
from kardia_ctl.model.ports import Reader, Writer


@dataclass(frozen=True, slots=True)
class SettingKind:
    """A kind that is declared at the top level of the YAML, once or as a list.

    Attributes:
        kind: The kind.
        key: Its top-level key in kardia.yaml.
        schema: JSON Schema (draft-07) of that key's value; every scalar arrives as text.
        declare: Turns a value that satisfies the schema into addresses and attributes, in YAML order.
        problem: What is wrong with a declared setting beyond the schema, as (message, remedy), or None.
            The second argument is the ``callback_hosts`` allowlist, empty when there is none.
        read: Reads the live setting (None: not set). None when the API cannot read it back.
        normalise: Returns an attribute's value in the form in which two values are compared.
        write: Sends a create or an update. Repeatable: sending it again has no further effect.
        needs_team: Whether ``team`` must be declared beside it.
    """

    kind: Kind
    key: str
    schema: Mapping[str, Any]
    declare: Callable[[Any], Sequence[tuple[Address, Mapping[str, str]]]]
    problem: Callable[[Setting, Sequence[str]], tuple[str, str] | None]
    read: Callable[[Reader], Awaitable[Mapping[str, str] | None]] | None
    normalise: Callable[[str, str], str]
    write: Callable[[Writer, Change], Awaitable[None]]
    needs_team: bool = False
